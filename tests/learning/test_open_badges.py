"""Open Badges 3.0: what is signed, and that a stranger can check it from the published key alone.

The checks use PyJWT and the standard library, and read nothing of ours but the answers of the school.
"""

import base64
import gzip
import json
import re
from datetime import UTC, datetime, timedelta
from io import StringIO

import jsonschema
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command
from django.db import connection
from django.test import Client

from engineroom import keyring
from learning import credentials, signing
from learning.actions.certificates import revoke_certificate
from learning.actions.signing_keys import rotate_signing_key
from learning.models import Certificate, SigningKey
from tests.factories.accounts import make_user
from tests.factories.certificates import make_certificate

pytestmark = pytest.mark.django_db

MOMENT = (
    r"^-?([1-9][0-9]{3,})-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})$"
)
URI = {"type": "string", "pattern": r"^(https?://|did:web:|urn:uuid:)\S+$"}
PROFILE = {
    "type": "object",
    "required": ["id", "type"],
    "properties": {"id": URI, "type": {"contains": {"const": "Profile"}}, "url": URI},
}
# The required members and closed lists of the published AchievementCredential schema, as far as a
# credential of ours has them: Open Badges 3.0, sections B.1 and B.7; Bitstring Status List, 2.1.
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2019-09/schema",
    "type": "object",
    "required": ["@context", "id", "type", "credentialSubject", "issuer", "validFrom"],
    "properties": {
        "@context": {
            "type": "array",
            "items": [
                {"const": "https://www.w3.org/ns/credentials/v2"},
                {"pattern": r"^https://purl\.imsglobal\.org/spec/ob/v3p0/context-3\.0\.\d\.json$"},
            ],
            "minItems": 2,
        },
        "id": URI,
        "type": {
            "allOf": [
                {"contains": {"const": "VerifiableCredential"}},
                {"contains": {"const": "OpenBadgeCredential"}},
            ]
        },
        "name": {"type": "string"},
        "issuer": PROFILE,
        "validFrom": {"pattern": MOMENT},
        "validUntil": {"pattern": MOMENT},
        "credentialSubject": {
            "type": "object",
            "required": ["type", "achievement"],
            "properties": {
                "id": URI,
                "type": {"contains": {"const": "AchievementSubject"}},
                "identifier": {
                    "type": "array",
                    "items": {
                        "required": ["type", "hashed", "identityHash", "identityType"],
                        "properties": {
                            "type": {"const": "IdentityObject"},
                            "hashed": {"const": False},
                            "identityType": {"const": "name"},
                        },
                        "additionalProperties": {"type": "string"},
                    },
                },
                "achievement": {
                    "required": ["id", "type", "criteria", "description", "name"],
                    "properties": {
                        "id": URI,
                        "type": {"contains": {"const": "Achievement"}},
                        "achievementType": {"const": "CertificateOfCompletion"},
                        "criteria": {
                            "anyOf": [{"required": ["id"]}, {"required": ["narrative"]}],
                            "additionalProperties": {"type": "string"},
                        },
                        "creator": PROFILE,
                        "resultDescription": {
                            "type": "array",
                            "items": {
                                "required": ["id", "type", "name", "resultType"],
                                "properties": {"resultType": {"const": "Percent"}},
                            },
                        },
                    },
                },
                "result": {
                    "type": "array",
                    "items": {
                        "required": ["type"],
                        "properties": {
                            "type": {"contains": {"const": "Result"}},
                            "value": {"type": "string"},
                        },
                    },
                },
            },
        },
        "credentialSchema": {"type": "array", "items": {"required": ["id", "type"]}},
        "credentialStatus": {
            "required": ["type", "statusPurpose", "statusListIndex", "statusListCredential"],
            "properties": {
                "type": {"const": "BitstringStatusListEntry"},
                "statusPurpose": {"const": "revocation"},
                "statusListIndex": {"pattern": r"^\d+$"},
                "statusListCredential": URI,
            },
        },
    },
}


def published(kid: str) -> jwt.PyJWK:
    """The key as a stranger finds it: the name leads to the `did:web` document of the school."""
    did, _, _ = kid.partition("#")
    assert did == "did:web:localhost%3A8000"
    document = json.loads(Client().get("/.well-known/did.json").content)
    assert document["id"] == did
    assert kid in document["assertionMethod"]
    (method,) = [one for one in document["verificationMethod"] if one["id"] == kid]
    assert method["controller"] == did
    return jwt.PyJWK.from_dict(method["publicKeyJwk"])


def checked(token: str, **options) -> dict:
    """What the token says, once its signature holds; section 8.2.6 of Open Badges 3.0."""
    header = jwt.get_unverified_header(token)
    assert header.keys() == {"alg", "kid", "typ"}
    assert (header["alg"], header["typ"]) == ("EdDSA", "JWT")
    said = jwt.decode(token, published(header["kid"]), algorithms=["EdDSA"], options=options)
    issuer = said["issuer"]
    assert said["iss"] == (issuer["id"] if isinstance(issuer, dict) else issuer)
    assert said["sub"] == said["credentialSubject"]["id"]
    assert said["jti"] == said["id"]
    assert datetime.fromtimestamp(said["nbf"], UTC) == datetime.fromisoformat(said["validFrom"])
    if "validUntil" in said:
        assert datetime.fromtimestamp(said["exp"], UTC) == datetime.fromisoformat(
            said["validUntil"]
        )
    return said


def is_revoked(said: dict) -> bool:
    """Bitstring Status List 1.0, section 3.2."""
    entry = said["credentialStatus"]
    url = entry["statusListCredential"]
    answer = Client().get(url.removeprefix("http://localhost:8000"))
    assert answer["Content-Type"] == "application/vc+jwt"
    listed = checked(answer.content.decode())
    assert "BitstringStatusListCredential" in listed["type"]
    assert (listed["id"], listed["iss"]) == (url, said["iss"])
    subject = listed["credentialSubject"]
    assert (subject["type"], subject["statusPurpose"]) == ("BitstringStatusList", "revocation")
    encoded = subject["encodedList"]
    assert re.fullmatch(r"u[A-Za-z0-9_-]+", encoded)
    bits = gzip.decompress(base64.urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4)))
    assert len(bits) >= 16 * 1024
    index = int(entry["statusListIndex"])
    return f"{bits[index // 8]:08b}"[index % 8] == "1"


def test_a_stranger_checks_a_badge_with_the_published_key_alone():
    one = make_certificate(make_user(name="Ada Ølstrand"), months=24)

    said = checked(signing.credential_of(one))

    jsonschema.Draft201909Validator(SCHEMA).validate(said)
    subject = said["credentialSubject"]
    assert subject["identifier"][0]["identityHash"] == "Ada Ølstrand"
    assert subject["achievement"]["name"] == one.title
    assert subject["achievement"]["version"] == "Edition 1"
    assert subject["achievement"]["criteria"]["narrative"].startswith("Finish every lesson")
    assert subject["result"][0]["value"] == "100"
    assert said["id"] == f"http://localhost:8000{one.get_absolute_url()}"
    assert not is_revoked(said)


def test_a_badge_tells_nothing_of_its_learner_but_the_printed_name():
    person = make_user(name="Ada Tester", email="ada.secret@example.com")
    one, other = make_certificate(person), make_certificate(person)

    said = json.dumps(signing.document_of(one))

    assert "ada.secret" not in said
    assert person.public_id not in said
    subjects = {signing.document_of(each)["credentialSubject"]["id"] for each in (one, other)}
    assert len(subjects) == 2, "two certificates cannot be told to be one person's"


def test_a_changed_or_foreign_token_does_not_verify():
    one = make_certificate()
    token = signing.credential_of(one)
    header, _, signature = token.split(".")
    said = jwt.decode(token, options={"verify_signature": False})
    said["credentialSubject"]["identifier"][0]["identityHash"] = "Eve"
    forged = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
    with pytest.raises(jwt.InvalidSignatureError):
        checked(f"{header}.{forged}.{signature}")

    kid = jwt.get_unverified_header(token)["kid"]
    foreign = jwt.encode(said, Ed25519PrivateKey.generate(), "EdDSA", headers={"kid": kid})
    with pytest.raises(jwt.InvalidSignatureError):
        checked(foreign)
    unsigned = jwt.encode(said, None, "none", headers={"kid": kid})
    with pytest.raises(jwt.InvalidAlgorithmError):
        jwt.decode(unsigned, published(kid), algorithms=["EdDSA"])


def test_a_revoked_badge_reads_as_revoked_and_no_other_does():
    one, other = make_certificate(), make_certificate(make_user(name="B"))
    said, others = checked(signing.credential_of(one)), checked(signing.credential_of(other))

    revoke_certificate(certificate=one, reason="Wrong.")

    assert is_revoked(said)
    assert not is_revoked(others)


def test_an_expired_badge_does_not_verify():
    one = make_certificate(months=2)
    Certificate.objects.update(
        issued_at=one.issued_at - timedelta(days=60), expires_at=one.issued_at - timedelta(days=30)
    )
    one.refresh_from_db()
    token = signing.credential_of(one)

    with pytest.raises(jwt.ExpiredSignatureError):
        checked(token)
    assert checked(token, verify_exp=False)["validUntil"]


def test_after_a_rotation_old_badges_still_verify_and_new_ones_name_the_new_key():
    one = make_certificate()
    old = signing.credential_of(one)

    out = StringIO()
    call_command("rotate_signing_key", stdout=out)

    new = signing.credential_of(one)
    assert jwt.get_unverified_header(new)["kid"] != jwt.get_unverified_header(old)["kid"]
    assert checked(old)["id"] == checked(new)["id"]
    document = json.loads(Client().get("/.well-known/did.json").content)
    assert document["verificationMethod"][0]["id"] == jwt.get_unverified_header(new)["kid"]
    assert SigningKey.objects.get(is_signing=True).name in out.getvalue()
    assert SigningKey.objects.get(is_signing=False).secret == ""


def test_secret_halves_rest_encrypted_and_stay_in_the_school():
    one = make_certificate()
    key = SigningKey.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM learning_signingkey")
        ((kept,),) = cursor.fetchall()

    assert key.secret not in kept
    assert keyring.decrypt(kept) == key.secret
    answers = [
        Client().get(address).content.decode()
        for address in (
            "/.well-known/did.json",
            "/.well-known/jwks.json",
            "/credentials/issuer",
            f"/credentials/achievements/{one.rule.public_id}",
            f"/credentials/status/{one.status_list}",
        )
    ]
    assert not any(key.secret in answer or '"d"' in answer for answer in answers)


def test_the_key_set_names_the_keys_as_tokens_do():
    one = make_certificate()
    rotate_signing_key()
    token = signing.credential_of(one)

    keys = jwt.PyJWKSet.from_dict(json.loads(Client().get("/.well-known/jwks.json").content))

    assert len(keys.keys) == 2
    key = keys[jwt.get_unverified_header(token)["kid"]]
    assert jwt.decode(token, key, algorithms=["EdDSA"])["id"]


def test_before_the_first_certificate_there_is_no_key_and_nothing_fails():
    document = json.loads(Client().get("/.well-known/did.json").content)

    assert document["verificationMethod"] == []
    assert Client().get("/credentials/status/1").status_code == 404
    assert Client().get("/credentials/status/99999999999999").status_code == 404
    assert Client().get("/credentials/achievements/none").status_code == 404


def test_issuer_and_achievement_are_what_the_badge_says_of_them():
    one = make_certificate()
    said = signing.document_of(one)

    issuer = json.loads(Client().get("/credentials/issuer").content)
    badge = json.loads(Client().get(f"/credentials/achievements/{one.rule.public_id}").content)

    assert issuer.items() >= said["issuer"].items()
    embedded = said["credentialSubject"]["achievement"]
    assert {name: badge[name] for name in ("id", "name", "criteria", "description")} == {
        name: embedded[name] for name in ("id", "name", "criteria", "description")
    }


def test_machine_addresses_are_public_cacheable_and_need_a_constant_count_of_queries(
    django_assert_max_num_queries,
):
    one = make_certificate()
    for _ in range(3):
        rotate_signing_key()
    for address, count in (
        ("/.well-known/did.json", 1),
        ("/.well-known/jwks.json", 1),
        ("/credentials/issuer", 0),
        (f"/credentials/achievements/{one.rule.public_id}", 1),
        (f"/credentials/status/{one.status_list}", 3),
    ):
        with django_assert_max_num_queries(count):
            answer = Client().get(address)
        assert answer.status_code == 200
        assert answer["Cache-Control"].startswith("public, max-age=")
        assert answer["Access-Control-Allow-Origin"] == "*"


def test_the_status_list_is_valid_for_a_day_so_that_old_copies_hide_nothing():
    one = make_certificate()

    said = checked(Client().get(f"/credentials/status/{one.status_list}").content.decode())

    life = datetime.fromisoformat(said["validUntil"]) - datetime.fromisoformat(said["validFrom"])
    assert life == timedelta(days=1)


def test_bits_stand_where_the_standard_says():
    encoded = credentials.encoded_list([0, 9, credentials.LIST_BITS - 1])

    bits = gzip.decompress(base64.urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4)))
    assert (bits[0], bits[1], bits[-1]) == (0b1000_0000, 0b0100_0000, 1)
    assert sum(bits) == 0b1000_0000 + 0b0100_0000 + 1
    assert encoded == credentials.encoded_list([9, credentials.LIST_BITS - 1, 0])


def test_the_name_of_the_school_follows_its_address():
    assert credentials.School("https://school.example", "S").did == "did:web:school.example"
    port = credentials.School("https://school.example:8443", "S")
    assert port.did == "did:web:school.example%3A8443"
