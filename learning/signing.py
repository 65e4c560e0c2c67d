"""Signing with the school's own key, and what the signed certificates say.

The secret half rests under the key ring; it is read for the moment of signing and never leaves.
"""

import base64

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from engineroom import clock
from learning import credentials, wording
from learning.models import Certificate, CertificateRule, SigningKey


def school() -> credentials.School:
    return credentials.School(url=settings.SITE_URL, name=settings.SCHOOL_NAME)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def new_pair() -> tuple[str, str]:
    """The public and the secret half of a new Ed25519 key, each 32 bytes as base64url."""
    key = Ed25519PrivateKey.generate()
    return _text(key.public_key().public_bytes_raw()), _text(key.private_bytes_raw())


def _sign(claims: dict) -> str:
    """A compact token under the key that signs. Raises SigningKey.DoesNotExist before the first
    certificate was given."""
    key = SigningKey.objects.get(is_signing=True)
    secret = Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(key.secret + "="))
    headers = {"kid": school().key_id(key.name), "typ": "JWT"}
    return jwt.encode(claims, secret, algorithm=credentials.ALGORITHM, headers=headers)


def criteria_of(rule: CertificateRule) -> str:
    return wording.criteria(
        needs_completion=rule.needs_completion,
        min_score=rule.min_score,
        needs_project=rule.needs_project,
    )


def badge_of(rule: CertificateRule, title: str) -> dict:
    """The achievement that the rule describes."""
    return credentials.achievement(
        school(),
        rule_id=rule.public_id,
        title=title,
        summary=rule.course.summary,
        criteria=criteria_of(rule),
        course_url=rule.course.get_absolute_url(),
    )


def document_of(certificate: Certificate) -> dict:
    """The certificate as OpenBadgeCredential, not signed. Needs course and rule selected."""
    rule = certificate.rule
    rule.course = certificate.course
    return credentials.credential(
        school(),
        public_id=certificate.public_id,
        address=certificate.get_absolute_url(),
        name=certificate.name,
        badge=badge_of(rule, certificate.title),
        edition_number=certificate.edition_number,
        score=certificate.facts.get("score"),
        issued_at=certificate.issued_at,
        expires_at=certificate.expires_at,
        status=(certificate.status_list, certificate.status_index),
    )


def credential_of(certificate: Certificate) -> str:
    """The same as signed token. One query."""
    return _sign(credentials.claims(document_of(certificate)))


def status_list_of(number: int, bits: list[int]) -> str:
    """The signed list of what was revoked. One query. Its times are the world's, not those of a test
    school that is ahead: others look at it by their clocks."""
    document = credentials.status_list(school(), number, bits, clock.real())
    return _sign(credentials.claims(document))
