"""The API's addresses, version 1. Wiring only."""

from django.urls import include, path

app_name = "api-v1"
urlpatterns = [
    path("", include("engineroom.api.urls")),
    path("", include("accounts.api.urls")),
    path("", include("catalog.api.urls")),
    path("", include("payments.api.urls")),
    path("", include("learning.api.urls")),
]
