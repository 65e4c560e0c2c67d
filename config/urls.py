"""Every address of the school. Wiring only."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("engineroom.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("config.api")),
    path("accounts/", include("accounts.urls")),
    path("", include("payments.urls")),
    path("learn/", include("learning.urls")),
    path("", include("learning.urls.groups")),
    path("", include("learning.urls.certificates")),
    path("", include("catalog.urls")),
]

handler400 = "engineroom.views.bad_request"
handler403 = "engineroom.views.forbidden"
handler404 = "engineroom.views.not_found"
handler500 = "engineroom.views.server_error"
