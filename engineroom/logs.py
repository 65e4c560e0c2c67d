"""Structured logs: one JSON object a line, carrying the id of the request it belongs to."""

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime

_request_id: ContextVar[str] = ContextVar("request_id", default="")
EXTRAS = ("event", "method", "path", "status", "duration_ms", "topic", "key", "attempts")
SECRETS = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), r"\1 [removed]"),
    (
        re.compile(
            r"(?i)((?:password|passwd|passphrase|secret|token|api[_-]?key|authorization|cookie|session"
            r"(?:id|_key)?|csrf)\w*[\"']?\s*[:=]\s*[\"']?)[^\s\"',;&}]+"
        ),
        r"\1[removed]",
    ),
    (re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"), "[address]"),
    # Ids that open something by being known: 160 random bits in base32.
    (re.compile(r"_[a-z2-7]{32}(?![a-z0-9])"), "_[removed]"),
)
CARD = re.compile(r"(?<!\d)(?:\d[ -]?){12,18}\d(?!\d)")


def _hide_card(match) -> str:
    digits = [int(char) for char in match[0] if char.isdigit()][::-1]
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[1::2]]
    return match[0] if (sum(digits[::2]) + sum(doubled)) % 10 else "[number removed]"


def scrub(text: str) -> str:
    """The text without what looks like a secret, an e-mail address or a payment card."""
    for sign, instead in SECRETS:
        text = sign.sub(instead, text)
    return CARD.sub(_hide_card, text)


def current_request_id() -> str:
    """The id of the request being served, or an empty string outside one."""
    return _request_id.get()


def enter_request(request_id: str):
    """Remember the id for this context; the token goes back into `leave_request`."""
    return _request_id.set(request_id)


def leave_request(token) -> None:
    _request_id.reset(token)


class RequestIdFilter(logging.Filter):
    def filter(self, record):
        record.request_id = current_request_id()
        return True


class JsonFormatter(logging.Formatter):
    """Paths are logged without their query, which may hold what a person typed."""

    def format(self, record):
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": scrub(record.getMessage()),
        }
        if request_id := getattr(record, "request_id", ""):
            line["request_id"] = request_id
        for name in EXTRAS:
            if (value := getattr(record, name, None)) is not None:
                line[name] = scrub(value) if isinstance(value, str) else value
        if record.exc_info:
            line["exception"] = scrub(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)


def configuration(level: str) -> dict:
    """LOGGING of the settings: JSON lines on standard error from `level` up."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request_id": {"()": "engineroom.logs.RequestIdFilter"}},
        "formatters": {"json": {"()": "engineroom.logs.JsonFormatter"}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "filters": ["request_id"],
                "formatter": "json",
            }
        },
        "root": {"handlers": ["stderr"], "level": level},
        # A refused or unknown address is no fault of ours: the request line says it already.
        "loggers": {"django.request": {"level": "ERROR"}},
    }
