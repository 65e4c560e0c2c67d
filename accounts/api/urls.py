"""Under /api/v1/: signing in by allauth's headless flows, tokens, and the person's own things."""

from allauth.headless.constants import Client
from allauth.headless.urls import build_urlpatterns
from django.urls import include, path

from accounts.api import views
from accounts.api.answers import to_problem
from accounts.fences import API, fenced

headless = fenced(build_urlpatterns(Client.APP), API, finish=to_problem)

urlpatterns = [
    path("auth/token/refresh", views.RefreshToken.as_view(), name="token-refresh"),
    path("auth/token/revoke", views.RevokeToken.as_view(), name="token-revoke"),
    path("auth/app/", include((headless, "headless"), namespace="app")),
    path("me", views.Me.as_view(), name="me"),
    path("devices", views.DeviceList.as_view(), name="device-list"),
    path("devices/<str:public_id>", views.DeviceDetail.as_view(), name="device-detail"),
    path("sessions", views.SessionList.as_view(), name="session-list"),
    path("sessions/<str:session>", views.SessionDetail.as_view(), name="session-detail"),
]
