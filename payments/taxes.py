"""The school's side of VAT: its settings, the checks of VAT ids, and where a buyer is."""

from datetime import date

from django.conf import settings
from stdnum.ch import vat as ch_vat
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError
from stdnum.gb import vat as gb_vat
from stdnum.no import mva as no_mva

from payments import vat
from payments.pricing import TaxTerms
from payments.refusals import CountryNotValid, VatIdNotValid

LONGEST_ID = 20
# Where an address names a country, its VAT ids may begin otherwise.
PREFIXES = {"GR": ("EL",), "GB": ("GB", "XI"), "MC": ("FR",), "IM": ("GB",)}


def seller() -> vat.Seller:
    """The school as the tax rules see it."""
    return vat.Seller(
        country=settings.SELLER_COUNTRY,
        has_oss=settings.SELLER_OSS,
        is_exempt=settings.SELLER_SMALL_BUSINESS,
    )


def terms(country: str, vat_id: str, on: date, territory: str = "") -> TaxTerms:
    """How a buyer with this address and this checked VAT id (or none) is taxed that day.

    `territory`: what the evidence of checkout or order says under that name (vat.territory_of).
    """
    return vat.decide(seller(), country, is_business=bool(vat_id), on=on, territory=territory)


def address_evidence(country: str, postal_code: str) -> dict[str, str]:
    """What an address says about where a buyer is: its country, and a territory without EU VAT."""
    if not country:
        return {}
    found = {"address": country}
    if territory := vat.territory_of(country, postal_code):
        found["territory"] = territory
    return found


def check_country(text: str) -> str:
    """The two letters of a country, or nothing. Raises CountryNotValid."""
    code = text.strip().upper()
    if code and not (len(code) == 2 and code.isascii() and code.isalpha()):
        raise CountryNotValid
    return {"EL": "GR", "UK": "GB"}.get(code, code)


def check_vat_id(text: str, country: str) -> str:
    """The VAT id in capital letters, with its country in front; "" for an empty one.

    Its checksum must hold and its country be that of the address. Raises VatIdNotValid.
    """
    said = "".join(letter for letter in text.upper() if letter.isalnum())
    if not said:
        return ""
    home = check_country(country)
    allowed = PREFIXES.get(home, (home,))
    if not home or len(said) > LONGEST_ID or not said.isascii():
        raise VatIdNotValid
    if home == "CH":
        return _swiss(said)
    if home == "NO":
        return _compact(no_mva, said)
    found = said if said.startswith(allowed) else allowed[0] + said
    if found[:2] in ("GB", "XI"):
        return found[:2] + _compact(gb_vat, found[2:]).removeprefix("GB")
    if vat.iso(found[:2]) not in vat.EU:
        raise VatIdNotValid(f"VAT ids of {home} cannot be checked here. Leave the field empty.")
    try:
        return _compact(eu_vat, found)
    except VatIdNotValid:
        if found != said and vat.iso(said[:2]) in vat.EU:
            raise VatIdNotValid("The VAT id is of another country than the address.") from None
        raise


def _compact(module, text: str) -> str:
    try:
        return module.validate(text)
    except ValidationError as error:
        raise VatIdNotValid from error


def _swiss(text: str) -> str:
    bare = text if text.endswith(("MWST", "TVA", "IVA", "TPV")) else f"{text}MWST"
    try:
        return ch_vat.validate(bare)
    except ValidationError as error:
        raise VatIdNotValid from error


PIECES = ("address", "card", "network")
VAT_ID_UNKNOWN = "VIES does not know the VAT id of this order. Its checksum is sound."


def contradiction(country: str, evidence: dict[str, str]) -> str:
    """What speaks against the buyer being in `country`, as a sentence; "" when nothing does.

    Two pieces that agree are enough (Implementing Regulation 282/2011, article 24b): one more that
    differs does not matter then.
    """
    pieces = {name: vat.iso(place) for name, place in evidence.items() if place}
    agreeing = [name for name, place in pieces.items() if place == vat.iso(country)]
    differing = [f"{name} says {place}" for name, place in pieces.items() if name not in agreeing]
    if not country or not differing or len(agreeing) >= 2:
        return ""
    return f"Taxed in {vat.iso(country)}, but the {', the '.join(differing)}."


def shortage(country: str, evidence: dict[str, str]) -> str:
    """Why it is not shown well enough that a consumer of another country is in `country`, as a
    sentence; "" when two pieces say so, or the country is the school's own."""
    home, place = vat.iso(seller().country), vat.iso(country)
    if not home or not place or place == home:
        return ""
    agreeing = [name for name, said in evidence.items() if vat.iso(said) == place]
    if len(agreeing) >= 2:
        return ""
    only = f"only the {agreeing[0]} says" if agreeing else "nothing says"
    return f"Sold to {place}, but {only} so: ask the buyer for a second piece of evidence."
