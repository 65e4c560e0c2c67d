"""Progress is derived from rows: it cannot pass 100 %, whatever is published or removed."""

from hypothesis import given, settings
from hypothesis import strategies as st

from learning import outlines

KEYS = [f"k{number}" for number in range(8)]
KINDS = ["lesson", "exercise", "project"]
steps = st.lists(
    st.one_of(
        st.tuples(st.just("complete"), st.sampled_from(KEYS)),
        st.tuples(st.just("remove"), st.sampled_from(KEYS)),
        st.tuples(st.just("add"), st.sampled_from(KEYS), st.sampled_from(KINDS)),
        st.tuples(st.just("rename"), st.sampled_from(KEYS), st.sampled_from(KEYS)),
        st.tuples(st.just("reorder"), st.randoms(use_true_random=False)),
        st.tuples(st.just("publish")),
    ),
    max_size=60,
)


def rows_of(edition: dict, order: list) -> list[tuple]:
    return [
        (place % 3, place % 3, f"M{place % 3}", place, edition[key], key, key.upper(), 5)
        for place, key in enumerate(order)
    ]


@settings(max_examples=150, deadline=None)
@given(steps=steps)
def test_progress_follows_a_plain_model_through_any_changes(steps):
    draft, order = {"k0": "lesson", "k1": "exercise"}, ["k0", "k1"]
    edition, shown = dict(draft), list(order)
    done: set[tuple[str, str]] = set()

    for step, *values in steps:
        if step == "complete" and values[0] in edition:
            done.add((edition[values[0]], values[0]))
        elif step == "remove" and values[0] in draft:
            del draft[values[0]]
            order.remove(values[0])
        elif step == "add" and values[0] not in draft:
            draft[values[0]] = values[1]
            order.append(values[0])
        elif step == "rename" and values[0] in draft and values[1] not in draft:
            draft[values[1]] = draft.pop(values[0])
            order[order.index(values[0])] = values[1]
        elif step == "reorder":
            values[0].shuffle(order)
        elif step == "publish":
            edition, shown = dict(draft), list(order)

        outline = outlines.build(rows_of(edition, shown), done)

        expected = sum((kind, key) in done for key, kind in edition.items())
        assert (outline.done, outline.total) == (expected, len(edition))
        assert 0 <= outline.percent <= 100
        assert (outline.percent == 100) == outline.is_finished or not edition
        assert outline.is_finished == (bool(edition) and expected == len(edition))
        assert sorted(item.key for item in outline.items) == sorted(edition)
        assert (outline.next_open() is None) == (expected == len(edition))
        for box in outline.ticks:
            assert float(box["on"]) <= float(box["width"]) + 0.01


def test_resume_prefers_the_last_place_then_the_first_open_item():
    rows = rows_of({"a": "lesson", "b": "lesson", "c": "lesson"}, ["a", "b", "c"])
    outline = outlines.build(rows, {("lesson", "a")})

    assert outline.resume("c").key == "c"
    assert outline.resume("gone").key == "b"
    assert outline.next_open("b").key == "b"
    assert outlines.build(rows, {("lesson", key) for key in "abc"}).resume("").key == "a"
    assert outlines.build([], set()).resume("") is None
