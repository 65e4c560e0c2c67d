"""What programs read to check a certificate: the school's keys, who it is, what it revoked.

All of it is public and the same for everybody; other sites may read it from a browser.
"""

import re

from django.http import Http404, HttpResponse

from engineroom.pages import public_page
from learning import credentials, signing
from learning.queries import certificates as found

LINKED = "application/ld+json"
KEYS_AGE = 300
NUMBER = re.compile(r"[1-9][0-9]{0,8}")


def _answer(body: str, kind: str) -> HttpResponse:
    response = HttpResponse(body, content_type=kind)
    response["Access-Control-Allow-Origin"] = "*"
    response["X-Robots-Tag"] = "noindex"
    return response


def _keys() -> list[tuple[str, str]]:
    return [(key.name, key.public) for key in found.signing_keys()]


@public_page(max_age=KEYS_AGE)
def did_document(request):
    """`did:web` of the school."""
    document = credentials.did_document(signing.school(), _keys())
    return _answer(credentials.as_json(document), "application/did+json")


@public_page(max_age=KEYS_AGE)
def key_set(request):
    document = credentials.key_set(signing.school(), _keys())
    return _answer(credentials.as_json(document), "application/jwk-set+json")


@public_page(max_age=KEYS_AGE)
def issuer(request):
    school = signing.school()
    document = {"@context": [credentials.VC_CONTEXT, credentials.OB_CONTEXT]}
    return _answer(credentials.as_json(document | credentials.profile(school)), LINKED)


@public_page(max_age=KEYS_AGE)
def achievement(request, rule_id):
    rule = found.rule_named(rule_id)
    if rule is None:
        raise Http404
    document = {"@context": [credentials.VC_CONTEXT, credentials.OB_CONTEXT]}
    badge = signing.badge_of(rule, rule.course.title)
    return _answer(credentials.as_json(document | badge), LINKED)


@public_page(max_age=60)
def status_list(request, list_number):
    """The signed list of what was revoked; new within a minute."""
    number = int(list_number) if NUMBER.fullmatch(list_number) else 0
    bits = found.revoked_bits(number)
    if bits is None:
        raise Http404
    return _answer(signing.status_list_of(number, bits), "application/vc+jwt")
