"""Addresses of learning in the API."""

from django.urls import path, re_path

from learning.api import attempts, grants, places, works

ID = r"(?P<{}>[-\w]{{1,60}})"
PLACE = rf"^enrollments/{ID.format('enrollment_id')}"
ATTEMPT = rf"^attempts/{ID.format('attempt_id')}"
KEY = r"(?P<key>[-\w]{1,160})"

urlpatterns = [
    path("enrollments", places.EnrollmentList.as_view(), name="enrollment-list"),
    re_path(rf"{PLACE}$", places.EnrollmentDetail.as_view(), name="enrollment-detail"),
    re_path(rf"{PLACE}/lessons/{KEY}$", places.LessonDetail.as_view(), name="enrollment-lesson"),
    re_path(rf"{PLACE}/projects/{KEY}$", places.ProjectDetail.as_view(), name="enrollment-project"),
    re_path(
        rf"{PLACE}/completions$", places.CompletionList.as_view(), name="enrollment-completions"
    ),
    re_path(
        rf"{PLACE}/completions/{KEY}$",
        places.CompletionDetail.as_view(),
        name="enrollment-completion",
    ),
    path("attempts", attempts.AttemptList.as_view(), name="attempt-list"),
    re_path(rf"{ATTEMPT}$", attempts.AttemptDetail.as_view(), name="attempt-detail"),
    re_path(rf"{ATTEMPT}/answers$", attempts.AnswerList.as_view(), name="attempt-answers"),
    re_path(
        rf"{ATTEMPT}/submission$", attempts.AttemptSubmission.as_view(), name="attempt-submission"
    ),
    path("submissions", works.SubmissionList.as_view(), name="submission-list"),
    re_path(
        rf"^submissions/{ID.format('submission_id')}$",
        works.SubmissionDetail.as_view(),
        name="submission-detail",
    ),
    path("grants", grants.GrantList.as_view(), name="grant-list"),
    re_path(
        rf"^grants/{ID.format('grant_id')}$", grants.GrantDetail.as_view(), name="grant-detail"
    ),
]
