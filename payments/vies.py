"""Asking VIES, the register of VAT ids of the European Commission. One fixed address, no redirects.

Without an answer nothing is known, and the checksum stands: a sale never waits for VIES.
"""

import http.client
import json
import logging
import ssl

HOST = "ec.europa.eu"
PATH = "/taxation_customs/vies/rest-api/check-vat-number"
SECONDS = 10
MOST_BYTES = 65_536
log = logging.getLogger(__name__)


def post(body: bytes) -> tuple[int, bytes]:
    """Status and body of the one call there is. Raises OSError or HTTPException."""
    link = http.client.HTTPSConnection(HOST, timeout=SECONDS, context=ssl.create_default_context())
    try:
        link.request("POST", PATH, body, {"Content-Type": "application/json"})
        answer = link.getresponse()
        return answer.status, answer.read(MOST_BYTES)
    finally:
        link.close()


def is_known(vat_id: str, *, call=post) -> bool | None:
    """Whether VIES knows the id (with its country in front); None when it gave no answer."""
    question = {"countryCode": vat_id[:2], "vatNumber": vat_id[2:]}
    try:
        status, body = call(json.dumps(question).encode())
        said = json.loads(body)
    except (OSError, ValueError, RecursionError, http.client.HTTPException):
        log.warning("VIES gave no answer.", exc_info=True)
        return None
    known = said.get("valid") if status == 200 and isinstance(said, dict) else None
    return known if isinstance(known, bool) else None
