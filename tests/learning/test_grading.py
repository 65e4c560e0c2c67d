"""Grading is pure: right is right in every spelling, and nothing a learner writes can break it."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning import grading, shuffling


def spec(kind, answer=None, options=()):
    return {"kind": kind, "answer": answer or {}, "options": list(options)}


def option(key, is_right=False, match=""):
    return {"key": key, "is_right": is_right, "match": match}


settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

NUMBER = spec("numeric", {"answer": "1500", "tolerance": "0", "unit": "ms"})
HALF = spec("numeric", {"answer": "1.5", "tolerance": "0.01", "unit": ""})
WORDS = spec("text", {"answers": ["Retry-After", "Straße"]})


@pytest.mark.parametrize(
    "text",
    ["1500", "1500 ms", "1500MS", "1,500", "1 500", "1\u202f500", "1'500", "1.500,0", "1,500.0",
     "1.5e3", "+1500", "１５００", "1_500"],
)  # fmt: skip
def test_a_number_may_be_written_in_many_ways(text):
    assert grading.is_right(NUMBER, {"number": text})


@pytest.mark.parametrize(
    "text", ["1501", "1500 s", "-1500", "\u22121500", "1.5", "15,00", "1500 ms later"]
)
def test_another_number_or_unit_is_wrong(text):
    assert not grading.is_right(NUMBER, {"number": text})


@pytest.mark.parametrize(("text", "fits"), [("1,5", True), ("1.509", True), ("1.52", False)])
def test_the_tolerance_includes_its_edge_and_nothing_more(text, fits):
    assert grading.is_right(HALF, {"number": text}) is fits


@pytest.mark.parametrize(
    "text", ["abc", "--1", "1..2", "1,2,3", "nan", "inf", "9" * 200, "e5", "٫"]
)
def test_what_is_no_number_is_refused_with_words(text):
    with pytest.raises(grading.Unreadable):
        grading.read_number(text)


@pytest.mark.parametrize("text", ["retry-after", " RETRY-AFTER ", "STRASSE", "ｒｅｔｒｙ-after"])
def test_short_text_is_compared_without_case_width_or_spaces(text):
    assert grading.is_right(WORDS, {"text": text})


def test_an_empty_text_is_never_right():
    assert not grading.is_right(spec("text", {"answers": ["", " "]}), {"text": " "})


def test_multiple_choice_wants_exactly_the_right_ones():
    multiple = spec("multiple", options=[option("a", True), option("b"), option("c", True)])

    assert grading.is_right(multiple, {"choices": ["c", "a"]})
    assert not grading.is_right(multiple, {"choices": ["a"]})
    assert not grading.is_right(multiple, {"choices": ["a", "b", "c"]})


def test_matching_accepts_any_of_two_lines_with_the_same_partner():
    pairs = spec(
        "matching", options=[option("a", match="x"), option("b", match="x"), option("c", match="y")]
    )

    assert grading.is_right(pairs, {"pairs": {"a": "b", "b": "a", "c": "c"}})
    assert not grading.is_right(pairs, {"pairs": {"a": "c", "b": "a", "c": "c"}})
    assert not grading.is_right(pairs, {"pairs": {"a": "a", "b": "a"}})


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from(["choice", "choices", "text", "number", "order", "pairs"])
kinds = st.sampled_from(["single", "multiple", "text", "numeric", "ordering", "matching", "other"])
keys = st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=6, unique=True)


@given(kind=kinds, shape=names, value=anything, whole=anything, keys=keys)
def test_a_malformed_answer_is_wrong_and_never_a_crash(kind, shape, value, whole, keys):
    asked = spec(kind, {"answers": ["x"], "answer": "1"}, [option(key, True, key) for key in keys])

    assert grading.is_right(asked, {shape: value}) in (True, False)
    assert grading.is_right(asked, whole) is False or isinstance(whole, dict)


@given(kind=kinds, raw=anything, keys=keys)
def test_reading_keeps_an_answer_or_refuses_it(kind, raw, keys):
    entry = {"kind": kind, "question": "q", "options": keys, "partners": keys}

    try:
        kept = grading.read(entry, raw)
    except grading.Unreadable:
        kept = None

    if kept is not None:
        assert isinstance(kept, dict)
        assert grading.written(entry, kept) is not None


@given(value=st.decimals(min_value=-(10**9), max_value=10**9, places=3))
def test_every_plain_decimal_is_read_as_itself(value):
    readings, unit = grading.read_number(str(value))

    assert value in readings
    assert unit == ""


@given(value=st.decimals(min_value=0, max_value=999, places=2))
def test_comma_and_point_are_the_same_mark(value):
    asked = spec("numeric", {"answer": str(value)})

    assert grading.is_right(asked, {"number": str(value).replace(".", ",")})
    assert not grading.is_right(asked, {"number": str(value + Decimal("0.01"))})


@given(keys=keys, seed=st.text())
def test_a_layout_keeps_every_choice_and_is_stable(keys, seed):
    questions = [
        {"key": "q", "kind": kind, "options": [{"key": key, "match": key[:1]} for key in keys]}
        for kind in ("single", "ordering", "matching")
    ]

    made = shuffling.layout(seed, questions)

    assert made == shuffling.layout(seed, questions)
    assert all(sorted(entry["options"]) == sorted(keys) for entry in made)
    assert len(made[2]["partners"]) == len({key[:1] for key in keys})
    assert len(keys) == 1 or made[1]["options"] != keys


@given(keys=keys, given=st.text() | st.integers() | st.none())
def test_a_place_that_does_not_exist_is_no_key(keys, given):
    found = shuffling.key_of("o", keys, given)

    assert found is None or shuffling.token("o", keys, found).lstrip("o") == given[1:].lstrip("0")
