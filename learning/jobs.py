"""What the worker does for learning."""

from engineroom import jobs, outbox
from learning import printing
from learning.actions.certificate_rules import TOPIC as CERTIFY_TOPIC
from learning.actions.certificate_rules import certify_places
from learning.actions.certificates import PRINT_TOPIC, remind_of_ends
from learning.actions.cohort_seats import free_expired_seats
from learning.models import Certificate


def print_certificate(payload: dict, key: str) -> None:
    """The PDF is made before somebody asks for it."""
    certificate = Certificate.objects.filter(public_id=payload["certificate"]).first()
    if certificate and certificate.name:
        printing.pdf(certificate)


def certify_course(payload: dict, key: str) -> None:
    certify_places(course_id=payload["course"], why=payload["why"], after=payload["after"])


outbox.consumer(PRINT_TOPIC, print_certificate)
outbox.consumer(CERTIFY_TOPIC, certify_course)
jobs.every(30, "learning.free_expired_seats", free_expired_seats)
jobs.every(3600, "learning.remind_of_ends", remind_of_ends)
