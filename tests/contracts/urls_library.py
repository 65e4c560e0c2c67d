"""The addresses of the library settings."""

from django.contrib import admin
from django.urls import include, path

api = [
    path("", include("accounts.api.urls")),
    path("", include("catalog.api.urls")),
]
urlpatterns = [
    path("", include("engineroom.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include((api, "api-v1"))),
    path("accounts/", include("accounts.urls")),
    path("", include("catalog.urls")),
]

handler400 = "engineroom.views.bad_request"
handler403 = "engineroom.views.forbidden"
handler404 = "engineroom.views.not_found"
handler500 = "engineroom.views.server_error"
