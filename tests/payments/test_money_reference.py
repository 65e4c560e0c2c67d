"""The reference of states, accounts and findings says what the code does."""

import ast
import re
from pathlib import Path

from docs import diagrams
from engineroom.events import Event
from payments import events, states
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


def test_every_state_of_everything_is_explained_outside_its_diagram():
    for name, moves in diagrams.DIAGRAMS.items():
        section = TEXT.partition(f"<!-- diagram: {name} -->")[2].partition("\n## ")[0]
        words = section.rpartition("```")[2]
        for state in moves:
            assert f"`{state}`" in words, f"{name}: {state}"


def test_every_event_of_the_till_is_explained():
    announced = {
        one.name
        for one in vars(events).values()
        if isinstance(one, type) and issubclass(one, Event) and one is not Event
    }
    assert announced
    for name in announced:
        assert f"| `{name}` |" in TEXT, name


def beginnings_in(source: str) -> set[str]:
    """How the names of accounts and refs begin that the source makes: `fee` of f"fee:{id}"."""
    first = [
        node.values[0].value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant)
    ]
    return {text[:-1] for text in first if re.fullmatch(r"[a-z-]+:", text)}


def test_every_account_and_ref_of_the_ledger_is_explained():
    names = beginnings_in(LEDGER.read_text())
    assert {"gateway", "revenue", "capture", "sale"} <= names

    assert [name for name in sorted(names) if f"`{name}:" not in TEXT] == []


def test_a_new_account_would_be_seen():
    """The control."""
    assert beginnings_in('x = f"reserve:{name}"') == {"reserve"}
