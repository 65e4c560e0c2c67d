from django.urls import path

from engineroom.api import views

urlpatterns = [path("clock", views.Clock.as_view(), name="clock")]
