"""Titles stay inside their covers."""

import re

import pytest

from catalog.covers import ROOM, cover_svg, set_title, text_width

TITLES = [
    "Human-centered AI",
    "WWW MMM WWW",
    "Command-line Foundations",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "Introduction to the Administration of Distributed Systems for Complete Beginners and Others",
    "面向初学者的分布式系统管理入门面向初学者的分布式系统管理入门面向初学者",
    "مقدمة في إدارة الأنظمة الموزعة",
    "W" * 160,
    "a " * 80,
    "",
    "…",
]


@pytest.mark.parametrize("title", TITLES)
def test_no_line_of_a_title_is_wider_than_the_cover(title):
    size, lines = set_title(title)

    assert all(text_width(line) * size - 0.6 * len(line) <= ROOM for line in lines)
    assert 58 + size + (len(lines) - 1) * size * 1.02 <= 180
    assert len(lines) <= 5


def test_a_title_is_whole_unless_it_is_longer_than_the_cover():
    assert " ".join(set_title(TITLES[0])[1]) == TITLES[0]
    assert "".join(set_title(TITLES[3])[1]) == TITLES[3]
    assert set_title("W" * 160)[1][-1].endswith("…")


def test_accents_count_as_their_letters():
    assert text_width("é") == text_width("e")
    assert text_width("Ł") > text_width("ł")
    assert text_width("界") == 1


def test_a_short_title_is_as_large_as_it_was():
    assert set_title("Git") == (42, ["Git"])
    assert re.search(r'font-size="42"', cover_svg("git", "Git"))
