from django.urls import path

from engineroom import developers, views

app_name = "engineroom"
urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("theme/", views.set_theme, name="theme"),
    path("developers/", developers.overview, name="developers"),
    path("developers/openapi.json", developers.document, name="developers-document"),
    path("developers/problems/", developers.problems, name="developers-problems"),
    path("developers/<slug:tag>/", developers.chapter, name="developers-chapter"),
]
