"""Certificates: one's own, as credential, renewed; given and revoked, for staff."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.response import Response

from engineroom.addresses import absolute_url
from engineroom.budgets import budget
from engineroom.pagination import KeyPagination
from engineroom.restviews import ApiView
from learning import signing
from learning.actions.certificate_rules import end_rule, set_rule
from learning.actions.certificates import (
    REASON_LIMIT,
    is_renewable,
    issue_by_hand,
    renew_certificate,
    revoke_certificate,
)
from learning.models import Certificate
from learning.queries import access
from learning.queries.certificates import (
    all_certificates,
    all_rules,
    certificates_of,
    own_certificate,
)
from learning.refusals import RevokedCertificate

TAGS = ["certificates"]


class CertificateSerializer(serializers.Serializer):
    """`state` is valid, expired or revoked; `url` is the public page that anybody may open."""

    id = serializers.CharField()
    number = serializers.CharField()
    course = serializers.CharField(help_text="The course's slug.")
    title = serializers.CharField()
    edition = serializers.IntegerField()
    name = serializers.CharField()
    state = serializers.CharField()
    score = serializers.IntegerField(allow_null=True, help_text="Percent.")
    issued_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    revoked_reason = serializers.CharField()
    is_renewable = serializers.BooleanField()
    url = serializers.CharField()
    pdf_url = serializers.CharField(help_text="Needs a session in a browser.")


class CredentialSerializer(serializers.Serializer):
    """An Open Badge 3.0: `credential` is the signed token, `document` what it says."""

    media_type = serializers.CharField()
    credential = serializers.CharField()
    document = serializers.DictField()


class IssueSerializer(serializers.Serializer):
    person = serializers.CharField(max_length=254, help_text="E-mail address or public id.")
    course = serializers.CharField(max_length=160, help_text="The course's slug.")


class RevokeSerializer(serializers.Serializer):
    reason = serializers.CharField(
        max_length=REASON_LIMIT, help_text="For the learner and for whoever checks it."
    )


class RuleSerializer(serializers.Serializer):
    """`ended_at` is set once another rule has taken its place, or staff have ended it."""

    id = serializers.CharField(source="public_id")
    course = serializers.CharField(source="course.slug")
    number = serializers.IntegerField()
    needs_completion = serializers.BooleanField()
    min_score = serializers.IntegerField(allow_null=True)
    needs_project = serializers.BooleanField()
    months = serializers.IntegerField(allow_null=True)
    made_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class SetRuleSerializer(serializers.Serializer):
    course = serializers.CharField(max_length=160, help_text="The course's slug.")
    needs_completion = serializers.BooleanField(default=True)
    min_score = serializers.IntegerField(
        min_value=1, max_value=100, allow_null=True, default=None, help_text="Percent."
    )
    needs_project = serializers.BooleanField(default=False)
    months = serializers.IntegerField(
        min_value=2, max_value=120, allow_null=True, default=None, help_text="Null: for good."
    )


class MaySetRules(BasePermission):
    """Staff: with the permission to see rules, or to make and end them."""

    def has_permission(self, request, view):
        person = request.user
        verb = "view" if request.method in ("GET", "HEAD") else "add"
        return bool(
            person
            and person.is_authenticated
            and person.is_staff
            and person.has_perm(f"learning.{verb}_certificaterule")
        )


class MayIssue(BasePermission):
    """Anybody reads their own; staff with the permission give and revoke."""

    def has_permission(self, request, view):
        person = request.user
        if not (person and person.is_authenticated):
            return False
        if request.method in ("GET", "HEAD"):
            return True
        return bool(person.is_staff and person.has_perm(f"learning.{view.verb}_certificate"))


def document(certificate: Certificate) -> dict:
    return {
        "id": certificate.public_id,
        "number": certificate.number,
        "course": certificate.course.slug,
        "title": certificate.title,
        "edition": certificate.edition_number,
        "name": certificate.name,
        "state": certificate.state,
        "score": certificate.facts.get("score"),
        "issued_at": certificate.issued_at,
        "expires_at": certificate.expires_at,
        "revoked_at": certificate.revoked_at,
        "revoked_reason": certificate.revoked_reason,
        "is_renewable": is_renewable(certificate),
        "url": absolute_url(certificate.get_absolute_url()),
        "pdf_url": absolute_url(f"{certificate.private_path}certificate.pdf"),
    }


def _own(request, certificate_id: str) -> Certificate:
    """404 for another person's, as for one that does not exist."""
    certificate = own_certificate(request.user, certificate_id)
    if certificate is None:
        raise Http404
    return certificate


@budget(100)
class CertificateList(ApiView):
    permission_classes = [MayIssue]
    serializer_class = CertificateSerializer
    pagination_class = KeyPagination
    verb = "add"

    @extend_schema(
        operation_id="certificates_list",
        summary="Your certificates",
        tags=TAGS,
        responses=CertificateSerializer(many=True),
    )
    def get(self, request):
        rows = self.paginate_queryset(certificates_of(request.user))
        data = self.get_serializer([document(row) for row in rows], many=True).data
        return self.get_paginated_response(data)

    @extend_schema(
        operation_id="certificates_issue",
        summary="Give a certificate by hand (staff)",
        description="By the rule of the course, whatever the person did.",
        tags=["staff"],
        request=IssueSerializer,
        responses={201: CertificateSerializer},
    )
    def post(self, request):
        form = IssueSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = issue_by_hand(
            person=access.person_named(form.validated_data["person"]),
            course=access.course_named(form.validated_data["course"]),
            actor=request.user,
        )
        return Response(self.get_serializer(document(made)).data, status=status.HTTP_201_CREATED)


@budget(100)
class CertificateDetail(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = CertificateSerializer

    @extend_schema(operation_id="certificates_read", summary="Your certificate", tags=TAGS)
    def get(self, request, certificate_id):
        return Response(self.get_serializer(document(_own(request, certificate_id))).data)


@budget(100)
class CertificateCredential(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = CredentialSerializer

    @extend_schema(
        operation_id="certificates_credential",
        summary="Your certificate as Open Badge 3.0",
        description="A JSON Web Token signed with EdDSA under a key of /.well-known/did.json.",
        tags=TAGS,
    )
    def get(self, request, certificate_id):
        certificate = _own(request, certificate_id)
        if certificate.revoked_at:
            raise RevokedCertificate
        said = {
            "media_type": "application/vc+jwt",
            "credential": signing.credential_of(certificate),
            "document": signing.document_of(certificate),
        }
        return Response(self.get_serializer(said).data)


@budget(100)
class CertificateRenewal(ApiView):
    permission_classes = [IsAuthenticated]
    serializer_class = CertificateSerializer

    @extend_schema(
        operation_id="certificates_renew",
        summary="Renew your certificate",
        description="From thirty days before its end on, when what the course asks is done.",
        tags=TAGS,
        request=None,
        responses={200: CertificateSerializer},
    )
    def post(self, request, certificate_id):
        certificate = _own(request, certificate_id)
        renew_certificate(certificate=certificate, actor=request.user)
        return Response(self.get_serializer(document(certificate)).data)


@budget(100)
class CertificateRevocation(ApiView):
    permission_classes = [MayIssue]
    serializer_class = CertificateSerializer
    verb = "change"

    @extend_schema(
        operation_id="certificates_revoke",
        summary="Revoke a certificate for good (staff)",
        tags=["staff"],
        request=RevokeSerializer,
        responses={200: CertificateSerializer},
    )
    def post(self, request, certificate_id):
        certificate = all_certificates().filter(public_id=certificate_id).first()
        if certificate is None:
            raise Http404
        form = RevokeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        reason = form.validated_data["reason"]
        revoke_certificate(certificate=certificate, reason=reason, actor=request.user)
        return Response(self.get_serializer(document(certificate)).data)


@budget(100)
class CertificateRuleList(ApiView):
    permission_classes = [MaySetRules]
    serializer_class = RuleSerializer
    pagination_class = KeyPagination

    @extend_schema(
        operation_id="certificate_rules_list",
        summary="What courses ask for their certificates (staff)",
        tags=["staff"],
        responses=RuleSerializer(many=True),
    )
    def get(self, request):
        rows = self.paginate_queryset(all_rules())
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)

    @extend_schema(
        operation_id="certificate_rules_set",
        summary="Say what a course asks for its certificate (staff)",
        description="Takes the place of the rule in force. Who has done it already gets one, too.",
        tags=["staff"],
        request=SetRuleSerializer,
        responses={201: RuleSerializer},
    )
    def post(self, request):
        form = SetRuleSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = dict(form.validated_data)
        course = access.course_named(said.pop("course"))
        rule = set_rule(course=course, actor=request.user, **said)
        return Response(self.get_serializer(rule).data, status=status.HTTP_201_CREATED)


@budget(100)
class CertificateRuleDetail(ApiView):
    permission_classes = [MaySetRules]
    serializer_class = RuleSerializer

    @extend_schema(
        operation_id="certificate_rules_end",
        summary="End a rule now (staff)",
        description="Its course gives no more certificates; those given stay.",
        tags=["staff"],
        responses={204: None},
    )
    def delete(self, request, rule_id):
        rule = all_rules().filter(public_id=rule_id).first()
        if rule is None:
            raise Http404
        end_rule(rule=rule, actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)
