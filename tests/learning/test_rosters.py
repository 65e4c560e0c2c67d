"""Lists of people: every problem has its line."""

import pytest

from learning.rosters import MOST_ROWS, decode, read_roster


@pytest.mark.parametrize(
    "text",
    [
        "bea@example.com,Bea\ncleo@example.com,Cleo",
        "\ufeffE-mail,Name\r\nbea@example.com,Bea\r\ncleo@example.com,Cleo\r\n",
        "name;email\nBea;bea@example.com\nCleo;CLEO@example.com",
        "email\tname\nbea@example.com\tBea\n\ncleo@example.com\tCleo\n",
        '"bea@example.com","Bea"\n"cleo@example.com","Cleo"',
    ],
)
def test_people_are_read_from_every_usual_shape(text):
    roster = read_roster(text)

    assert roster.problems == []
    assert [(line.email, line.name) for line in roster.lines] == [
        ("bea@example.com", "Bea"),
        ("cleo@example.com", "Cleo"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 0, "nobody"),
        ("email,name\n", 0, "nobody"),
        ("bea@example.com\nnobody\n", 2, "no e-mail address"),
        ("bea@example.com\nBEA@example.com\n", 2, "line 1 already"),
        ("bea@example.com," + "x" * 121, 1, "120"),
        ("a@example.com\0", 0, "no text"),
        ('bea@example.com,"Bea\ncleo@example.com', 2, "quotation mark"),
        ("x" * 300_000, 0, "256 KB"),
        ("=HYPERLINK(1)@example.com", 1, "no e-mail address"),
    ],
)
def test_each_problem_names_its_line(text, line, words):
    roster = read_roster(text)

    assert not roster.is_sound
    assert (roster.problems[0][0], words in roster.problems[0][1]) == (line, True)


def test_a_list_is_no_longer_than_its_limit():
    text = "\n".join(f"p{number}@example.com" for number in range(MOST_ROWS + 5))

    roster = read_roster(text)

    assert len(roster.problems) == 1
    assert "1,000" in roster.problems[0][1]


def test_a_file_that_is_no_utf_8_is_told_apart():
    assert decode("Zoë".encode("latin-1")) is None
    assert decode("\ufeffZoë".encode()) == "Zoë"
