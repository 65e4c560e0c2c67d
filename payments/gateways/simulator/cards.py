"""Test cards, by number, as other gateways have them; and what each does when it is asked."""

from dataclasses import dataclass

REASONS = {
    "generic": "The bank gave no reason.",
    "no_funds": "Not enough funds.",
    "expired": "The card has expired.",
    "lost": "The card was reported lost.",
    "wrong_code": "The security code is wrong.",
    "fraud": "The payment looks like fraud.",
    "debit_fails": "The bank took the debit back.",
    "dies_later": "Not enough funds.",
}


@dataclass(frozen=True, kw_only=True)
class Card:
    """`plays` is what it does the first time; `later` in every renewal."""

    number: str
    plays: str
    later: str
    text: str
    country: str = "US"

    @property
    def spaced(self) -> str:
        return " ".join(self.number[at : at + 4] for at in range(0, len(self.number), 4))


def _card(number: str, plays: str, text: str, later: str = "", country: str = "US") -> Card:
    return Card(number=number, plays=plays, later=later or plays, text=text, country=country)


ALL = [
    _card("4242424242424242", "success", "is accepted"),
    _card("4000002760000016", "success", "is accepted; a German card", country="DE"),
    _card("4000000000003220", "3ds", "asks for a confirmation (3-D Secure)", "success"),
    _card("4000000000009995", "no_funds", "is declined: not enough funds"),
    _card("4000000000000002", "generic", "is declined without a reason"),
    _card("4000000000000069", "expired", "is declined: the card has expired"),
    _card("4000000000009987", "lost", "is declined: reported lost"),
    _card("4000000000000127", "wrong_code", "is declined: wrong security code"),
    _card("4100000000000019", "fraud", "is declined: looks like fraud"),
    _card("4000000000000341", "success", "is accepted now and declined at renewals", "dies_later"),
    _card("4000000000000259", "dispute", "is accepted; disputed a day later", "success"),
    _card("4000000000001976", "dispute_lost", "the same, and the dispute is lost", "success"),
    _card("4000000000000077", "debit", "a bank debit: processing for 3 days, then paid"),
    _card("4000000000000113", "debit_fails", "a bank debit: processing, then it fails"),
]
BY_NUMBER = {card.number: card for card in ALL}
# One card for each thing that can be chosen without typing.
BY_OUTCOME = {card.plays: card for card in reversed(ALL)}
BY_OUTCOME["decline"] = BY_OUTCOME["no_funds"]
DECLINES = frozenset({"generic", "no_funds", "expired", "lost", "wrong_code", "fraud"})
DEBITS = frozenset({"debit", "debit_fails"})
DISPUTED = frozenset({"dispute", "dispute_lost"})
# `abandon` leaves the page and nothing happens at all.
OUTCOMES = (*BY_OUTCOME, "abandon")


def method(card: Card) -> str:
    name = "Bank debit" if card.plays in DEBITS else "Visa"
    return f"{name} ending {card.number[-4:]}"


def fee_of(amount_minor: int) -> int:
    """What the simulator keeps: 1.5 % and 25 minor units, never more than the payment."""
    return min((amount_minor * 15 + 500) // 1000 + 25, amount_minor) if amount_minor else 0
