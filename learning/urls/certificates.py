"""Addresses of certificates: the learner's, the public ones, those that programs read."""

from django.urls import path

from learning.views import certificates, credentials

app_name = "certificates"
urlpatterns = [
    path("my-certificates/<str:certificate_id>/", certificates.mine, name="mine"),
    path("my-certificates/<str:certificate_id>/certificate.pdf", certificates.pdf, name="pdf"),
    path(
        "my-certificates/<str:certificate_id>/credential.jwt",
        certificates.credential,
        name="credential",
    ),
    path("certificates/", certificates.check, name="check"),
    path("certificates/<str:code>/", certificates.verify, name="verify"),
    path("credentials/issuer", credentials.issuer, name="issuer"),
    path("credentials/achievements/<str:rule_id>", credentials.achievement, name="achievement"),
    path("credentials/status/<str:list_number>", credentials.status_list, name="status-list"),
    path(".well-known/did.json", credentials.did_document, name="did-document"),
    path(".well-known/jwks.json", credentials.key_set, name="key-set"),
]
