"""A learner's certificate, and the page on which anybody checks one."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from engineroom import clock, throttles
from engineroom.pages import open_page, private_page
from engineroom.refusals import Refusal
from learning import codes, printing, signing, wording
from learning.actions.certificates import is_renewable, renew_certificate
from learning.models import Certificate
from learning.queries.certificates import certificate_by_code, own_certificate
from learning.refusals import RevokedCertificate

CHECKS = "60/m"


def _mine(request, certificate_id: str) -> Certificate:
    """Raises Http404 for another person's, as for one that does not exist."""
    certificate = own_certificate(request.user, certificate_id)
    if certificate is None:
        raise Http404
    return certificate


@private_page()
def mine(request, certificate_id):
    """POST renews."""
    certificate = _mine(request, certificate_id)
    refusal = None
    if request.method == "POST":
        try:
            renew_certificate(certificate=certificate, actor=request.user)
        except Refusal as error:
            refusal = error
        else:
            messages.success(request, "Your certificate is renewed.")
            return redirect("certificates:mine", certificate.public_id)
    context = {
        "certificate": certificate,
        "course": certificate.course,
        "words": printing.words_of(certificate),
        "is_renewable": is_renewable(certificate),
        "refusal": refusal,
    }
    status = refusal.status if refusal else 200
    return render(request, "learning/certificate.html", context, status=status)


def _attached(body, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(body, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Robots-Tag"] = "noindex"
    return response


def _standing(request, certificate_id: str) -> Certificate:
    """Raises RevokedCertificate, too."""
    certificate = _mine(request, certificate_id)
    if certificate.revoked_at:
        raise RevokedCertificate
    return certificate


@private_page(methods=("GET", "HEAD"), budget_ms=500)
def pdf(request, certificate_id):
    """PDF/UA-1. Printed ahead by the worker; the first asker waits only if it was not yet."""
    certificate = _standing(request, certificate_id)
    name = f"certificate-{certificate.number}.pdf"
    return _attached(printing.pdf(certificate), "application/pdf", name)


@private_page(methods=("GET", "HEAD"))
def credential(request, certificate_id):
    """The Open Badge as signed token, to keep or to put into a wallet."""
    certificate = _standing(request, certificate_id)
    name = f"certificate-{certificate.number}.jwt"
    return _attached(signing.credential_of(certificate), "application/vc+jwt", name)


@open_page(methods=("GET", "HEAD"))
def check(request):
    """The form; with `?number=` on to the page of that certificate."""
    number = request.GET.get("number", "")
    if number:
        return _found(request, number)
    return _page(request, {"number": ""})


def _found(request, number: str):
    throttles.spend_address(request, "certificates", CHECKS)
    certificate = certificate_by_code(number)
    if certificate is None:
        return _page(request, {"number": number[:60], "is_missing": True}, status=404)
    return redirect(certificate.get_absolute_url())


@open_page(methods=("GET", "HEAD"))
def verify(request, code):
    """What the school says of the certificate at this moment: never stored by anybody."""
    throttles.spend_address(request, "certificates", CHECKS)
    certificate = certificate_by_code(code)
    if certificate is None:
        return _page(request, {"number": code[:60], "is_missing": True}, status=404)
    if code != certificate.number:
        return redirect(certificate.get_absolute_url())
    is_shown = certificate.course.published_edition is not None
    context = {
        "number": certificate.number,
        "certificate": certificate,
        "course": certificate.course,
        "course_url": certificate.course.get_absolute_url() if is_shown else "",
        "work": wording.work_text(certificate.facts),
        "result": wording.result_text(certificate.facts),
        "teachers": ", ".join(certificate.facts.get("teachers", [])),
        "criteria": signing.criteria_of(certificate.rule),
        "validity": wording.validity(certificate.rule.months),
    }
    return _page(request, context)


def _page(request, context, status=200):
    context |= {"checked_at": clock.now(), "length": codes.LENGTH}
    response = render(request, "learning/verify.html", context, status=status)
    response["X-Robots-Tag"] = "noindex"
    return response
