"""A learner with a place in a course of the demo school, for measuring the reader."""

from importlib import import_module

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from accounts.actions.people import sign_up, verify_email
from accounts.models import User
from catalog.models import Course
from learning.actions import start_course

COURSE, LESSON = "html-foundations", "html-layout-size-and-composition"
EMAIL = "reader@example.com"


def enrolled_cookie() -> tuple[str, str]:
    """The reader's address of a lesson, and the Cookie header of somebody who has a place there."""
    person = User.objects.filter(email=EMAIL).first()
    if person is None:
        person = sign_up(person=User(), email=EMAIL, name="A reader")
        verify_email(person=person, email=EMAIL)
    start_course(person=person, course=Course.objects.get(slug=COURSE))
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.save()
    return f"/learn/{COURSE}/{LESSON}/", f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
