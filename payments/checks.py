"""System checks: what is missing on invoices while VAT is charged."""

from django.conf import settings
from django.core.checks import Warning as Complaint
from django.core.checks import register

from engineroom.refusals import Refusal
from payments import taxes, vat


def _complaint(number: int, text: str, hint: str) -> Complaint:
    return Complaint(
        text, hint=f"{hint} See docs/how-to/close-a-quarter.md.", id=f"payments.W{number:03}"
    )


def _vat_id() -> list[Complaint]:
    said, country = settings.SELLER_VAT_ID, settings.SELLER_COUNTRY
    if settings.SELLER_SMALL_BUSINESS and not said:
        return []
    if not said:
        text = "SELLER_COUNTRY is set, so that VAT is charged, and SELLER_VAT_ID is empty."
        hint = "Invoices must name the VAT id, or set SELLER_SMALL_BUSINESS=true to charge none."
        return [_complaint(1, text, hint)]
    is_known = vat.iso(country) in vat.EU or vat.iso(country) in ("CH", "GB", "NO")
    try:
        if is_known:
            taxes.check_vat_id(said, country)
    except Refusal:
        text = "SELLER_VAT_ID is no VAT id of SELLER_COUNTRY: its form or checksum is wrong."
        return [_complaint(2, text, "Copy it from the letter of the tax office.")]
    return []


@register()
def seller_is_complete(app_configs, **kwargs) -> list[Complaint]:
    """Nothing to say while SELLER_COUNTRY is empty: then no VAT is charged or shown."""
    if not settings.SELLER_COUNTRY:
        return []
    found = _vat_id()
    if not any(line.strip() for line in settings.SELLER_ADDRESS):
        text = "SELLER_COUNTRY is set, and invoices are issued without SELLER_ADDRESS."
        found.append(_complaint(3, text, "Invoices must name the full address of the seller."))
    if settings.SELLER_NAME in ("", settings.SCHOOL_NAME):
        text = "SELLER_COUNTRY is set, and invoices name the school instead of SELLER_NAME."
        hint = "Set SELLER_NAME to the full name of the business, its legal form included."
        found.append(_complaint(4, text, hint))
    return found
