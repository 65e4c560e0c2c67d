"""Mail leaves through the outbox: rendered when queued, so that it says what was true then."""

from email.utils import make_msgid

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from engineroom import outbox
from engineroom.models import OutboxEvent

TOPIC = "mail.send"


def send(template: str, to: str, context: dict, *, key: str | None = None) -> None:
    """Queue the mail `templates/emails/<template>.{subject.txt,txt,html}` to one address."""
    context = {"school_name": settings.SCHOOL_NAME, "site_url": settings.SITE_URL, **context}
    subject = render_to_string(f"emails/{template}.subject.txt", context)
    outbox.put(
        TOPIC,
        {
            "to": to,
            "subject": " ".join(subject.split()),
            "text": render_to_string(f"emails/{template}.txt", context),
            "html": render_to_string(f"emails/{template}.html", context),
        },
        key=key,
    )


def queue_message(message, *, key: str | None = None) -> None:
    """Queue a message that a library has already rendered (allauth's)."""
    html = next(
        (body for body, kind in getattr(message, "alternatives", []) if kind == "text/html"), ""
    )
    for to in message.to:
        payload = {"to": to, "subject": message.subject, "text": message.body, "html": html}
        outbox.put(TOPIC, payload, key=key)


def deliver(payload: dict, key: str) -> None:
    """Hand the mail to the transport. The outbox key makes the Message-ID, so a repeat is known."""
    message = EmailMultiAlternatives(
        payload["subject"],
        payload["text"],
        settings.DEFAULT_FROM_EMAIL,
        [payload["to"]],
        headers={
            "Message-ID": make_msgid(idstring=key.replace(" ", "-"), domain=settings.SITE_HOST)
        },
    )
    if payload["html"]:
        message.attach_alternative(payload["html"], "text/html")
    message.send()


def sent_to(address: str, *, since) -> list[tuple[str, object]]:
    """(subject, when) of what was delivered to the address since then, as far as it is still kept."""
    rows = OutboxEvent.objects.filter(
        topic=TOPIC, payload__to=address, created_at__gte=since, done_at__isnull=False
    )
    return [
        (payload["subject"], at)
        for payload, at in rows.order_by("pk").values_list("payload", "done_at")
    ]


def forget(address: str) -> int:
    """Remove every queued or delivered mail to the address; returns how many. For erasure."""
    return outbox.forget(TOPIC, to=address)


def forget_about(beginning: str) -> int:
    """Remove every mail whose key begins so, whoever it went to; returns how many were queued still."""
    return outbox.forget_about(TOPIC, beginning)
