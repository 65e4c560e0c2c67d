"""Addresses of learning in the API."""

from django.urls import path, re_path

from learning.api import attempts, certificates, cohorts, editions, grants, places, teams, works

ID = r"(?P<{}>[-\w]{{1,60}})"
PLACE = rf"^enrollments/{ID.format('enrollment_id')}"
ATTEMPT = rf"^attempts/{ID.format('attempt_id')}"
TEAM = rf"^teams/{ID.format('team_id')}"
POOL = rf"{TEAM}/seats/{ID.format('pool_id')}"
COHORT = rf"^cohorts/{ID.format('cohort_id')}"
CERTIFICATE = rf"^certificates/{ID.format('certificate_id')}"
KEY = r"(?P<key>[-\w]{1,160})"

urlpatterns = [
    path("enrollments", places.EnrollmentList.as_view(), name="enrollment-list"),
    re_path(rf"{PLACE}$", places.EnrollmentDetail.as_view(), name="enrollment-detail"),
    re_path(
        rf"{PLACE}/edition-changes$",
        editions.EditionChanges.as_view(),
        name="enrollment-edition-changes",
    ),
    re_path(
        rf"{PLACE}/edition-moves$", editions.EditionMoves.as_view(), name="enrollment-edition-moves"
    ),
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
    path("certificates", certificates.CertificateList.as_view(), name="certificate-list"),
    re_path(
        rf"{CERTIFICATE}$", certificates.CertificateDetail.as_view(), name="certificate-detail"
    ),
    re_path(
        rf"{CERTIFICATE}/credential$",
        certificates.CertificateCredential.as_view(),
        name="certificate-credential",
    ),
    re_path(
        rf"{CERTIFICATE}/renewal$",
        certificates.CertificateRenewal.as_view(),
        name="certificate-renewal",
    ),
    re_path(
        rf"{CERTIFICATE}/revocation$",
        certificates.CertificateRevocation.as_view(),
        name="certificate-revocation",
    ),
    path(
        "certificate-rules",
        certificates.CertificateRuleList.as_view(),
        name="certificate-rule-list",
    ),
    re_path(
        rf"^certificate-rules/{ID.format('rule_id')}$",
        certificates.CertificateRuleDetail.as_view(),
        name="certificate-rule-detail",
    ),
    path("cohorts", cohorts.CohortList.as_view(), name="cohort-list"),
    re_path(rf"{COHORT}$", cohorts.CohortDetail.as_view(), name="cohort-detail"),
    re_path(rf"{COHORT}/waiting$", cohorts.CohortWaiting.as_view(), name="cohort-waiting"),
    path("teams", teams.TeamList.as_view(), name="team-list"),
    re_path(rf"{TEAM}$", teams.TeamDetail.as_view(), name="team-detail"),
    re_path(
        rf"{TEAM}/members/{ID.format('person_id')}$",
        teams.TeamMemberDetail.as_view(),
        name="team-member-detail",
    ),
    re_path(rf"{POOL}$", teams.ClaimList.as_view(), name="team-seat-list"),
    re_path(rf"{POOL}/link$", teams.PoolLink.as_view(), name="team-seat-link"),
    re_path(rf"{POOL}/lists$", teams.PoolRosters.as_view(), name="team-seat-roster-list"),
    re_path(
        rf"{POOL}/claims/{ID.format('claim_id')}$",
        teams.ClaimDetail.as_view(),
        name="team-seat-detail",
    ),
    re_path(
        rf"{POOL}/claims/{ID.format('claim_id')}/mails$",
        teams.ClaimMails.as_view(),
        name="team-seat-mail-list",
    ),
    path("seat-claims", teams.SeatClaims.as_view(), name="seat-claim-list"),
]
