"""The first person of a new school."""

from django.db import transaction

from accounts.actions.people import sign_up, verify_email
from accounts.models import User
from engineroom import audit


@transaction.atomic
def make_staff(*, email: str, password: str, name: str = "") -> User:
    """A superuser whose address counts as verified: whoever starts the school owns it."""
    person = sign_up(person=User(), email=email, password=password, name=name)
    verify_email(person=person, email=email)
    person.is_staff = person.is_superuser = True
    person.save(update_fields=["is_staff", "is_superuser"])
    audit.record("person.made_staff", person.public_id)
    return person
