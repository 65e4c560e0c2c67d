"""Certificates by page, PDF, API and admin: whose they are, and what anybody may see by the code."""

import io
from datetime import timedelta

import jwt
import pypdf
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.actions import issue_device
from accounts.actions.erasure import erase_person
from accounts.roles import INSTRUCTOR, MANAGER, SUPPORT
from engineroom import clock, outbox
from learning import printing
from learning.actions.certificates import certify_place, revoke_certificate
from learning.models import Certificate, CertificateRule
from tests.factories import learning as make
from tests.factories.accounts import make_user
from tests.factories.certificates import make_certificate, make_rule

pytestmark = pytest.mark.django_db

A4_LANDSCAPE = (842, 595)


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def browser(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def app(person) -> dict:
    _, token, _ = issue_device(person=person, name="Phone")
    return {"headers": {"Authorization": f"Bearer {token}"}}


def test_my_learning_leads_to_the_certificate_and_on_to_its_public_page():
    one = make_certificate(make_user(name="Ada Tester"), months=24)
    client = browser(one.person)

    assert one.private_path in client.get("/learn/").text
    page = client.get(one.private_path).text

    for said in ("Ada Tester", one.number, "edition 1", "3 lessons, 1 exercise and 1 project"):
        assert said in page
    assert f'href="{one.get_absolute_url()}"' in page
    public = Client().get(one.get_absolute_url())
    assert "This certificate is genuine" in public.text
    assert public["X-Robots-Tag"] == "noindex"
    assert public["Cache-Control"] == "private, no-store"
    assert '<meta name="robots" content="noindex">' in public.text


def test_the_public_page_says_nothing_of_the_person_but_the_name():
    one = make_certificate(make_user(name="Ada Tester", email="ada.secret@example.com"))

    page = Client().get(one.get_absolute_url()).text

    assert "Ada Tester" in page
    for private in ("ada.secret", one.person.public_id, one.public_id):
        assert private not in page


def test_the_public_page_tells_expired_and_revoked():
    one = make_certificate(months=2)
    with clock.moved_by(timedelta(days=70)):
        page = Client().get(one.get_absolute_url()).text
        assert "This certificate has expired" in page
        assert "genuine" not in page

    revoke_certificate(certificate=one, reason="Somebody else's <b>work</b>.")

    page = Client().get(one.get_absolute_url()).text
    assert "This certificate was revoked" in page
    assert "Somebody else&#x27;s &lt;b&gt;work&lt;/b&gt;." in page
    assert "genuine" not in page


def test_a_number_is_found_however_it_is_typed_and_no_other_is():
    one = make_certificate()
    client = Client()

    for typed in (one.number, one.number.lower(), f" {one.code} "):
        answer = client.get("/certificates/", {"number": typed})
        assert (answer.status_code, answer.url) == (302, one.get_absolute_url())
    assert client.get(f"/certificates/{one.code.lower()}/").url == one.get_absolute_url()
    assert client.get("/certificates/").status_code == 200
    for wrong in ("0" * 16, "nonsense", "<script>", "\u0660" * 16, one.public_id):
        answer = client.get("/certificates/", {"number": wrong})
        assert answer.status_code == 404
        assert "no such certificate" in answer.text
        assert "<script>" not in answer.text.replace("<script src", "")
    assert client.get("/certificates/none/").status_code == 404


def test_guessing_numbers_has_a_limit():
    client = Client()
    statuses = [client.get(f"/certificates/{n:016d}/").status_code for n in range(61)]

    assert statuses == [404] * 60 + [429]


def test_after_its_person_left_the_page_names_nobody():
    one = make_certificate(make_user(name="Quimby Vanishing"))
    erase_person(person=one.person, actor=None)

    page = Client().get(one.get_absolute_url()).text

    assert "A person who has left the school since" in page
    assert "Quimby" not in page


def test_nobody_else_reads_a_certificate_except_by_its_code():
    one = make_certificate()
    other, staff = make_user(), make_user(is_staff=True, roles=[MANAGER])
    for person in (other, staff):
        client = browser(person)
        for address in ("", "certificate.pdf", "credential.jwt"):
            assert client.get(f"{one.private_path}{address}").status_code == 404
        assert client.post(one.private_path).status_code == 404
        for part in ("", "/credential"):
            answer = client.get(f"/api/v1/certificates/{one.public_id}{part}", **app(person))
            assert answer.status_code == 404
        renewal = f"/api/v1/certificates/{one.public_id}/renewal"
        assert client.post(renewal, **app(person)).status_code == 404
        assert client.get("/api/v1/certificates", **app(person)).json()["results"] == []
    for address in ("", "certificate.pdf", "credential.jwt"):
        assert Client().get(f"{one.private_path}{address}").status_code == 302
    assert Client().get(one.get_absolute_url()).status_code == 200


def test_the_pdf_is_one_accessible_sheet_of_a4_in_landscape():
    one = make_certificate(make_user(name="Ada Tester"), months=24)

    answer = browser(one.person).get(f"{one.private_path}certificate.pdf")

    assert answer["Content-Type"] == "application/pdf"
    assert one.number in answer["Content-Disposition"]
    document = pypdf.PdfReader(io.BytesIO(answer.content))
    (page,) = document.pages
    assert (round(page.mediabox.width), round(page.mediabox.height)) == A4_LANDSCAPE
    assert b"pdfuaid" in document.trailer["/Root"]["/Metadata"].get_object().get_data()
    assert document.trailer["/Root"]["/Lang"] == "en"
    assert document.trailer["/Root"]["/MarkInfo"]["/Marked"]
    text = " ".join(page.extract_text().split())
    for said in ("Ada Tester", one.title, one.number, "Valid until"):
        assert said in text


@pytest.mark.parametrize(
    "name",
    [
        "#panic(1) *bold* $x$ \\u{1F600} @ref <label>",
        "<script>alert(1)</script>",
        "नीलम शर्मा 李小龍 Ада",
        "W" * 120,
        "Ada \U0001f469\u200d\U0001f4bb",
        "",
    ],
)
def test_hostile_and_unusual_names_stay_words_on_one_sheet(name):
    one = make_certificate(make_user(name=name))

    made = printing.render(one)

    assert len(pypdf.PdfReader(io.BytesIO(made)).pages) == 1
    page = browser(one.person).get(one.private_path).text
    assert "<script>alert" not in page
    assert "<script>alert" not in Client().get(one.get_absolute_url()).text


def test_the_worker_prints_ahead_and_the_same_bytes_are_sent():
    one = make_certificate()
    outbox.drain()
    kept = list((printing.settings.DATA_DIR / "certificates").rglob("*.pdf"))

    answer = browser(one.person).get(f"{one.private_path}certificate.pdf")

    assert [file.read_bytes() for file in kept] == [answer.content]


def test_a_revoked_certificate_is_shown_as_such_and_neither_printed_nor_signed():
    one = make_certificate()
    revoke_certificate(certificate=one, reason="The work was not theirs.")
    client = browser(one.person)

    page = client.get(one.private_path).text

    assert "The work was not theirs." in page
    assert "This is to say that" not in page
    for address in ("certificate.pdf", "credential.jwt"):
        assert client.get(f"{one.private_path}{address}").status_code == 410
    answer = client.get(f"/api/v1/certificates/{one.public_id}/credential", **app(one.person))
    assert (answer.status_code, answer.json()["code"]) == (410, "certificate_revoked")


def test_the_badge_can_be_downloaded():
    one = make_certificate()

    answer = browser(one.person).get(f"{one.private_path}credential.jwt")

    assert answer["Content-Type"] == "application/vc+jwt"
    said = jwt.decode(answer.content.decode(), options={"verify_signature": False})
    assert said["id"].endswith(one.get_absolute_url())


def test_a_learner_renews_on_the_page_and_is_told_what_is_missing():
    one = make_certificate(months=2)
    client = browser(one.person)
    assert "Renew the certificate" not in client.get(one.private_path).text
    assert client.post(one.private_path).status_code == 409
    with clock.moved_by(timedelta(days=45)):
        assert "Renew the certificate" in client.get(one.private_path).text

        assert client.post(one.private_path, follow=True).text.count("is renewed")

    again = Certificate.objects.get()
    assert again.expires_at > one.expires_at
    place = one.person.enrollments.get()
    place.completions.filter(item_key="first").delete()
    with clock.moved_by(timedelta(days=100)):
        answer = client.post(one.private_path)
    assert answer.status_code == 409
    assert "1 of 5 steps are not finished." in answer.text
    assert Certificate.objects.get().expires_at == again.expires_at


def test_an_app_lists_reads_takes_the_credential_and_renews():
    one = make_certificate(make_user(name="Ada Tester"), months=2)
    phone, client = app(one.person), Client()

    (row,) = client.get("/api/v1/certificates", **phone).json()["results"]
    read = client.get(f"/api/v1/certificates/{one.public_id}", **phone).json()
    said = client.get(f"/api/v1/certificates/{one.public_id}/credential", **phone).json()

    assert row == read
    assert (read["state"], read["score"], read["name"]) == ("valid", 100, "Ada Tester")
    assert read["url"].endswith(one.get_absolute_url())
    token = jwt.decode(said["credential"], options={"verify_signature": False})
    assert token.items() >= said["document"].items()
    renewal = f"/api/v1/certificates/{one.public_id}/renewal"
    assert client.post(renewal, **phone).json()["code"] == "not_renewable"
    with clock.moved_by(timedelta(days=45)):
        phone = app(one.person)
        renewed = client.post(renewal, **phone)
    assert renewed.status_code == 200
    assert renewed.json()["expires_at"] > read["expires_at"]


def test_staff_set_rules_give_and_revoke_by_the_api():
    staff, client, person = make_user(is_staff=True, roles=[MANAGER]), Client(), make_user()
    course, phone = make.make_course(), app(staff)
    sent = {"content_type": "application/json", **phone}

    rule = client.post("/api/v1/certificate-rules", {"course": course.slug, "months": 6}, **sent)
    given = client.post(
        "/api/v1/certificates", {"course": course.slug, "person": person.email}, **sent
    )
    again = client.post(
        "/api/v1/certificates", {"course": course.slug, "person": person.email}, **sent
    )

    assert (rule.status_code, rule.json()["number"], rule.json()["months"]) == (201, 1, 6)
    assert given.status_code == 201
    assert again.json()["code"] == "already_certified"
    address = f"/api/v1/certificates/{given.json()['id']}/revocation"
    assert client.post(address, {"reason": " "}, **sent).status_code == 400
    revoked = client.post(address, {"reason": "Wrong person."}, **sent)
    assert (revoked.json()["state"], revoked.json()["revoked_reason"]) == (
        "revoked",
        "Wrong person.",
    )
    assert client.post(address, {"reason": "Again."}, **sent).status_code == 409
    one = f"/api/v1/certificate-rules/{rule.json()['id']}"
    assert client.delete(one, **phone).status_code == 204
    assert client.get("/api/v1/certificate-rules", **phone).json()["results"][0]["ended_at"]


@pytest.mark.parametrize("role", [None, INSTRUCTOR, SUPPORT])
def test_nobody_but_managers_sets_gives_or_revokes(role):
    one = make_certificate()
    person = make_user(is_staff=role is not None, roles=[role] if role else [])
    client, sent = Client(), {"content_type": "application/json", **app(person)}

    for address, body in (
        ("certificate-rules", {"course": one.course.slug, "months": 3}),
        ("certificates", {"course": one.course.slug, "person": person.email}),
        (f"certificates/{one.public_id}/revocation", {"reason": "Because."}),
    ):
        assert client.post(f"/api/v1/{address}", body, **sent).status_code == 403
    assert (
        client.delete(f"/api/v1/certificate-rules/{one.rule.public_id}", **sent).status_code == 403
    )
    assert (Certificate.objects.count(), CertificateRule.objects.count()) == (1, 1)
    assert Certificate.objects.get().is_valid


def test_staff_work_in_the_admin_and_are_asked_why_and_once_more():
    staff, person, course = (
        make_user(is_staff=True, roles=[MANAGER]),
        make_user(name="Eve Hand"),
        make.make_course(),
    )
    client = browser(staff)
    added = client.post(
        reverse("admin:learning_certificaterule_add"),
        {"course": course.pk, "needs_completion": "on", "months": 12},
    )
    assert added.status_code == 302
    assert CertificateRule.objects.get().months == 12
    refused = client.post(
        reverse("admin:learning_certificaterule_add"), {"course": course.pk, "min_score": 101}
    )
    assert "A result is 1 to 100 percent." in refused.text

    client.post(
        reverse("admin:learning_certificate_add"), {"person": person.pk, "course": course.pk}
    )
    one = Certificate.objects.get()
    assert one.name == "Eve Hand"
    address = reverse("admin:learning_certificate_revoke", args=[one.pk])
    assert client.get(reverse("admin:learning_certificate_change", args=[one.pk])).text.count(
        address
    )
    assert client.get(address).status_code == 200
    assert "field is required" in client.post(address, {"reason": ""}).text
    asked = client.post(address, {"reason": "Wrong person."})
    assert "It cannot be made valid again" in asked.text
    assert Certificate.objects.get().is_valid
    client.post(address, {"reason": "Wrong person.", "confirmed": "1"})
    assert Certificate.objects.get().revoked_reason == "Wrong person."
    assert client.get(address).status_code == 302


def test_who_may_only_look_cannot_revoke_in_the_admin():
    one = make_certificate()
    client = browser(make_user(is_staff=True, roles=[SUPPORT]))
    address = reverse("admin:learning_certificate_revoke", args=[one.pk])

    assert client.get(address).status_code == 403
    assert client.post(address, {"reason": "X", "confirmed": "1"}).status_code == 403
    assert (
        address not in client.get(reverse("admin:learning_certificate_change", args=[one.pk])).text
    )
    assert Certificate.objects.get().is_valid


def test_lists_cost_the_same_however_many_certificates_there_are():
    person = make_user(name="Ada Tester")
    make_certificate(person)
    client, phone = browser(person), app(person)
    client.get("/learn/")

    def counts():
        found = []
        for address, sent in (("/learn/", {}), ("/api/v1/certificates", phone)):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address, **sent).status_code == 200
            found.append(len(queries))
        return found

    few = counts()
    for _ in range(4):
        make_certificate(person)
    assert counts() == few


def test_a_step_of_a_course_without_a_rule_costs_one_query_more():
    place = make.make_enrollment()
    with CaptureQueriesContext(connection) as queries:
        certify_place(place.pk)
    assert len(queries) == 1
    make_rule(place.course)
    with CaptureQueriesContext(connection) as queries:
        certify_place(place.pk)
    assert len(queries) <= 10
