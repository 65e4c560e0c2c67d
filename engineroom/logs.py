"""Structured logs: one JSON object a line, carrying the id of the request it belongs to."""

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime

_request_id: ContextVar[str] = ContextVar("request_id", default="")
EXTRAS = ("event", "method", "path", "status", "duration_ms", "topic", "key", "attempts")


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
            "message": record.getMessage(),
        }
        if request_id := getattr(record, "request_id", ""):
            line["request_id"] = request_id
        line |= {name: getattr(record, name) for name in EXTRAS if hasattr(record, name)}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
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
