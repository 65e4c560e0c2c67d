"""allauth's errors in the form of all others: problem documents.

What a program needs to go on with a flow stays beside it: `data`, with the flows, and `meta`.
"""

import json

from accounts.refusals import (
    ReauthenticationRequired,
    SessionGone,
    SignInIncomplete,
    StepNotPossible,
)
from engineroom.problems import CONTENT_TYPE, problem

SEVERAL = "Some fields need another look."
BY_STATUS = {
    401: ("not_authenticated", "Sign in first: `data.flows` names the ways."),
    403: ("not_allowed", "You may not do this."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "The address does not answer this method."),
    409: (StepNotPossible.code, StepNotPossible.message),
    410: (SessionGone.code, SessionGone.message),
    429: ("too_many_requests", "Too many tries. Wait a moment, then try again."),
}
UNREAD = ("bad_request", "The request could not be read.")


def to_problem(request, response) -> None:
    """Rewrite an answer of allauth's from 400 on, in place; status, headers and cookies stay."""
    is_problem = response.get("Content-Type", "").startswith(CONTENT_TYPE)
    if response.status_code < 400 or is_problem:
        return
    said = _said(response)
    errors = [_error(error) for error in said.get("errors", [])]
    code, detail = _words(response.status_code, said, errors)
    kept = {name: said[name] for name in ("data", "meta") if name in said}
    members = ({"errors": errors} if errors else {}) | kept
    document = problem(response.status_code, code, detail, request, **members)
    response.content = json.dumps(document).encode()
    response["Content-Type"] = CONTENT_TYPE


def _said(response) -> dict:
    if not response.get("Content-Type", "").startswith("application/json"):
        return {}
    said = json.loads(response.content)
    return said if isinstance(said, dict) else {}


def _error(error: dict) -> dict:
    return {
        "field": error.get("param", ""),
        "code": error.get("code") or "invalid",
        "detail": error.get("message", ""),
    }


def _words(status: int, said: dict, errors: list[dict]) -> tuple[str, str]:
    """(code, detail)"""
    if errors:
        return "invalid", errors[0]["detail"] if len(errors) == 1 else SEVERAL
    if status == 401 and said.get("meta", {}).get("is_authenticated"):
        return ReauthenticationRequired.code, ReauthenticationRequired.message
    data = said.get("data")
    flows = data.get("flows", []) if isinstance(data, dict) else []
    if status == 401 and any(flow.get("is_pending") for flow in flows):
        return SignInIncomplete.code, SignInIncomplete.message
    return BY_STATUS.get(status, UNREAD)
