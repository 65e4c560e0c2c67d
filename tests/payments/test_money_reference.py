"""The reference of states, accounts and findings says what the code does."""

import re
from pathlib import Path

from docs import diagrams
from payments import states
from payments.actions.repairing import REPAIRS
from payments.queries import selfcheck

TEXT = diagrams.PAGE.read_text()
LEDGER = Path(__file__).resolve().parents[2] / "payments/actions/ledger.py"


def test_the_diagrams_are_those_of_the_code():
    assert diagrams.written(TEXT) == TEXT, "run: python -m docs.diagrams"
    for name in diagrams.DIAGRAMS:
        assert f"<!-- diagram: {name} -->" in TEXT


def test_a_diagram_shows_every_move_once():
    for moves in diagrams.DIAGRAMS.values():
        drawn = diagrams.draw(moves)
        assert drawn.count("▶") == sum(len(exits) for exits in moves.values())
        assert drawn.count("(final)") == sum(not exits for exits in moves.values())


def test_every_state_of_an_order_and_every_kind_of_finding_is_explained():
    for name in [*states.ORDER_MOVES, *selfcheck.KINDS]:
        assert f"| `{name}` |" in TEXT, name


def test_every_account_is_explained():
    accounts = set(re.findall(r'"(customers|bank|rounding)"|f"(\w+):\{', LEDGER.read_text()))
    named = {first or second for first, second in accounts}
    for name in named & {
        "customers",
        "bank",
        "rounding",
        "gateway",
        "revenue",
        "fees",
        "disputes",
        "tax",
    }:
        assert re.search(rf"\| `{name}(:<\w+>)?` \|", TEXT), name


def test_every_repair_that_is_offered_can_be_done():
    assert set(selfcheck.REPAIRS) == set(REPAIRS)
