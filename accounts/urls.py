"""Under /accounts/: our own pages, then allauth's behind their fences."""

import allauth.urls
from django.urls import include, path

from accounts.fences import PAGES, fenced
from accounts.views import account, links

own = [
    path("", account.home, name="home"),
    path("sessions/", account.sessions, name="sessions"),
    path("sessions/<slug:session>/end/", account.end_session, name="end-session"),
    path("devices/<slug:device>/revoke/", account.revoke_device, name="revoke-device"),
    path("delete/", account.delete, name="delete"),
    path("link/<str:token>/", links.sign_in_link, name="sign-in-link"),
]

# allauth looks its addresses up by bare names, so they stay outside our namespace. Its list of
# sessions asks the database once a session; ours stands at the same address instead. The old
# addresses that it only forwards are left out.
theirs = [
    entry
    for entry in allauth.urls.urlpatterns
    if not str(entry.pattern).startswith(("sessions/", "social/"))
]

urlpatterns = [
    path("", include((own, "accounts"))),
    path("", include(fenced(theirs, PAGES))),
]
