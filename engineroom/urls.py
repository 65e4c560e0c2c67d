from django.urls import path

from engineroom import views

app_name = "engineroom"
urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("theme/", views.set_theme, name="theme"),
]
