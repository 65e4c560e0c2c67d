"""The fault tests themselves: they see what a round leaves behind, and whose results they show."""

import pytest

from payments import sellables
from payments.models import Offer
from tests.factories.payments import DummySellable, make_paid_order
from tests.faults.__main__ import _control, _round
from tests.faults.looking import wrong_now
from tests.faults.notes import Notes, code
from tests.faults.promise import Promise, Stage, Tally

STAGE = Stage(db="any", scale="short")


@pytest.fixture
def dummy():
    sellables.register("dummy", DummySellable())
    yield
    sellables.forget("dummy")


def miscount(stage, number=0, scale="") -> Tally:
    """A round that says that all is well, and leaves a counter that is not."""
    offer = make_paid_order().lines.get().offer
    Offer.objects.filter(pk=offer.pk).update(sold=7)
    return Tally(attempts=1)


@pytest.mark.django_db(transaction=True)
def test_what_a_round_leaves_behind_is_a_violation_of_it(dummy):
    tally = _round(Promise("X", "Try", miscount, {"short": 1}), STAGE, 0, patience=0)

    assert any("7 counted as sold" in text for text in tally.violations)


@pytest.mark.django_db(transaction=True)
def test_what_a_control_breaks_is_repaired_after_it(dummy, capsys):
    assert _control(Promise("X", "Try", miscount, {"short": 1}, miscount), STAGE) == "red"

    assert "It was counted again." in capsys.readouterr().out
    assert wrong_now() == []


@pytest.mark.django_db
def test_a_control_that_breaks_down_has_shown_nothing(capsys):
    def breaks(stage):
        raise RuntimeError("on the way")

    assert _control(Promise("X", "Try", miscount, {"short": 1}, breaks), STAGE) == "GREEN"
    assert "on the way" in capsys.readouterr().err


def test_results_of_other_code_are_forgotten(tmp_path):
    path, promise = tmp_path / "notes.json", Promise("X", "Try", miscount, {"short": 1})
    notes = Notes(path, is_fresh=False, of_code="one")
    notes.of("X").update(rounds=1, control="red")
    notes.keep()

    assert not Notes(path, is_fresh=False, of_code="one").has_left(promise, "short")
    assert Notes(path, is_fresh=False, of_code="two").has_left(promise, "short")
    assert code() == code() != "one"
