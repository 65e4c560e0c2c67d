"""Certificates for machines: Open Badges 3.0 over the W3C Verifiable Credentials data model 2.0.

Plain values in and out. A credential is secured as a JSON Web Token (Open Badges 3.0, section 8.2):
the payload is the credential itself with the registered claims beside it, the header names the key
by its place in the school's `did:web` document. Revocation is a bit in a list (Bitstring Status List
1.0). What is told of a learner is the printed name and what was done, nothing else.
"""

import base64
import gzip
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit
from uuid import UUID

VC_CONTEXT = "https://www.w3.org/ns/credentials/v2"
OB_CONTEXT = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
DID_CONTEXT = "https://www.w3.org/ns/did/v1"
KEY_CONTEXT = "https://w3id.org/security/suites/jws-2020/v1"
SCHEMA = (
    "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
)
ALGORITHM = "EdDSA"
LIST_BITS = 131_072  # the least that the standard allows: a crowd to hide in
LIST_AGE = timedelta(minutes=5)
LIST_VALID = timedelta(days=1)


@dataclass(frozen=True)
class School:
    """Who issues: the origin such as `https://school.example`, and the name."""

    url: str
    name: str

    @property
    def did(self) -> str:
        """The `did:web` of the origin: a port is percent-encoded."""
        return f"did:web:{quote(urlsplit(self.url).netloc, safe='')}"

    def key_id(self, name: str) -> str:
        return f"{self.did}#{name}"


def moment(at: datetime) -> str:
    """Whole seconds of UTC, as XML Schema writes them."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(at: datetime) -> int:
    return int(at.timestamp())


def profile(school: School) -> dict:
    return {"id": school.did, "type": ["Profile"], "name": school.name, "url": school.url}


def achievement(
    school: School, *, rule_id: str, title: str, summary: str, criteria: str, course_url: str
) -> dict:
    """What the certificate of a course stands for, as one edition of its rule says."""
    return {
        "id": f"{school.url}/credentials/achievements/{rule_id}",
        "type": ["Achievement"],
        "achievementType": "CertificateOfCompletion",
        "name": title,
        "description": summary or f"The course {title}.",
        "criteria": {"id": school.url + course_url, "narrative": criteria},
        "creator": profile(school),
    }


def subject_id(public_id: str) -> str:
    """A name for the holder that says nothing and stands in no other certificate: a UUID (version 8)
    made from the certificate's id."""
    raw = bytearray(hashlib.sha256(f"holder of {public_id}".encode()).digest()[:16])
    raw[6] = 0x80 | raw[6] & 0x0F
    raw[8] = 0x80 | raw[8] & 0x3F
    return f"urn:uuid:{UUID(bytes=bytes(raw))}"


def list_url(school: School, number: int) -> str:
    return f"{school.url}/credentials/status/{number}"


def _status(school: School, number: int, index: int) -> dict:
    url = list_url(school, number)
    return {
        "id": f"{url}#{index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": str(index),
        "statusListCredential": url,
    }


def _result(badge: dict, score: int) -> tuple[dict, dict]:
    """What a result of the achievement is, and the learner's."""
    described = f"{badge['id']}#result"
    return (
        {
            "id": described,
            "type": ["ResultDescription"],
            "name": "Average of the best attempts at the exercises",
            "resultType": "Percent",
            "valueMin": "0",
            "valueMax": "100",
        },
        {"type": ["Result"], "resultDescription": described, "value": str(score)},
    )


def credential(
    school: School,
    *,
    public_id: str,
    address: str,
    name: str,
    badge: dict,
    edition_number: int,
    score: int | None,
    issued_at: datetime,
    expires_at: datetime | None,
    status: tuple[int, int],
) -> dict:
    """The OpenBadgeCredential. `address` is the path of the public page, `status` the list and bit."""
    badge = badge | {"version": f"Edition {edition_number}"}
    subject = {
        "id": subject_id(public_id),
        "type": ["AchievementSubject"],
        "identifier": [
            {
                "type": "IdentityObject",
                "identityType": "name",
                "hashed": False,
                "identityHash": name,
            }
        ],
        "achievement": badge,
    }
    if score is not None:
        described, reached = _result(badge, score)
        badge["resultDescription"], subject["result"] = [described], [reached]
    said = {
        "@context": [VC_CONTEXT, OB_CONTEXT],
        "id": school.url + address,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": badge["name"],
        "issuer": profile(school),
        "validFrom": moment(issued_at),
        "credentialSubject": subject,
        "credentialStatus": _status(school, *status),
        "credentialSchema": [{"id": SCHEMA, "type": "1EdTechJsonSchemaValidator2019"}],
    }
    if expires_at is not None:
        said["validUntil"] = moment(expires_at)
    return said


def claims(document: dict) -> dict:
    """The payload of the token: the credential, and its registered claims as section 8.2.4.1 maps
    them."""
    issuer, subject = document["issuer"], document["credentialSubject"]
    said = document | {
        "iss": issuer["id"] if isinstance(issuer, dict) else issuer,
        "jti": document["id"],
        "sub": subject["id"],
        "nbf": seconds(datetime.fromisoformat(document["validFrom"])),
    }
    if until := document.get("validUntil"):
        said["exp"] = seconds(datetime.fromisoformat(until))
    return said


def encoded_list(bits: Iterable[int]) -> str:
    """The list as multibase base64url (`u`, no padding) of the gzipped bits, the first one leftmost.
    The same bits give the same text."""
    raw = bytearray(LIST_BITS // 8)
    for index in bits:
        raw[index // 8] |= 0x80 >> index % 8
    packed = gzip.compress(bytes(raw), mtime=0)
    return "u" + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def status_list(school: School, number: int, bits: Iterable[int], now: datetime) -> dict:
    """The BitstringStatusListCredential of one list; valid for a day, so that an old copy cannot
    hide a revocation for longer."""
    url = list_url(school, number)
    return {
        "@context": [VC_CONTEXT],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": school.did,
        "validFrom": moment(now),
        "validUntil": moment(now + LIST_VALID),
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": encoded_list(bits),
            "ttl": int(LIST_AGE.total_seconds() * 1000),
        },
    }


def jwk(public: str, key_id: str = "") -> dict:
    """A public key (32 bytes as base64url) as JSON Web Key (RFC 8037)."""
    key = {"kty": "OKP", "crv": "Ed25519", "x": public, "alg": ALGORITHM, "use": "sig"}
    return key | ({"kid": key_id} if key_id else {})


def key_set(school: School, keys: list[tuple[str, str]]) -> dict:
    """The JSON Web Key Set (RFC 7517) of (name, public key)."""
    return {"keys": [jwk(public, school.key_id(name)) for name, public in keys]}


def did_document(school: School, keys: list[tuple[str, str]]) -> dict:
    """The `did:web` document: every key that ever signed, the one that signs first."""
    methods = [
        {
            "id": school.key_id(name),
            "type": "JsonWebKey2020",
            "controller": school.did,
            "publicKeyJwk": jwk(public),
        }
        for name, public in keys
    ]
    return {
        "@context": [DID_CONTEXT, KEY_CONTEXT],
        "id": school.did,
        "verificationMethod": methods,
        "assertionMethod": [method["id"] for method in methods],
    }


def as_json(document: dict) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
