"""Addresses of who learns together: cohorts and teams."""

from django.urls import path

from learning.views import cohorts, joining, pools, teams

app_name = "groups"
urlpatterns = [
    path("cohorts/<str:cohort_id>/", cohorts.cohort_page, name="cohort"),
    path("teams/", teams.team_list, name="team-list"),
    path("teams/join/<str:key>/", joining.join_page, name="join"),
    path("teams/seats/<str:pool_id>/", pools.pool_page, name="pool"),
    path("teams/seats/<str:pool_id>/upload/", pools.upload_page, name="pool-upload"),
    path("teams/seats/<str:pool_id>/people.csv", pools.people_file, name="pool-people"),
    path("teams/<str:team_id>/", teams.team_page, name="team"),
]
