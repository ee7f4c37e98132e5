"""Pages: one file that loads nothing, escapes everything, and can be read in both colour schemes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from painpoint_platform.pages.page import SHELL, confidence, counted, duration, money, number, render_page
from painpoint_platform.pages.pictures import HEAT, heat_level
from painpoint_platform_tests.pages.colours import contrast, scheme_colours
from painpoint_platform_tests.pages.html import ATTACK, assert_self_contained, opened_in_chromium, parsed, text_of

PAGE = """{% extends "page.html" %}
{% block title %}{{ said }}{% endblock %}
{% block content %}<h1>{{ said }}</h1><p title="{{ said }}">{{ said }}</p>{% endblock %}
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("templates")
    (folder / "plain.html").write_text(PAGE)
    (folder / "styled.html").write_text(PAGE)
    (folder / "styled.css").write_text("h1 { color: teal; }")
    (folder / "styled.js").write_text('document.querySelector("main p").textContent = "a script ran";')
    return folder / "plain.html"


@given(said=st.text())
def test_any_text_stays_text(template: Path, said: str) -> None:
    tree = parsed(render_page(template, said=said))
    assert len(tree.css("p[title]")) == 1
    assert [node.tag for node in tree.css_first("main").iter()] == ["h1", "p"]
    paragraph = tree.css_first("main p")
    # What HTML cannot hold is replaced or normalised by the parser itself: NUL, carriage returns, half surrogates.
    if said.isprintable():
        assert paragraph.text() == said
        assert paragraph.attributes["title"] == said


def test_a_page_is_one_file_that_loads_nothing(template: Path) -> None:
    assert_self_contained(render_page(template, said="calm"))
    assert_self_contained(render_page(template.with_name("styled.html"), said="calm"))


def test_text_that_tries_to_break_out_is_shown(template: Path, tmp_path: Path) -> None:
    html = render_page(template, said=ATTACK)
    assert_self_contained(html)
    assert opened_in_chromium(html, tmp_path).css_first("main p").text() == ATTACK


def test_styles_and_script_of_a_template_take_effect_and_those_of_others_do_not(template: Path, tmp_path: Path) -> None:
    html = render_page(template.with_name("styled.html"), said="calm")
    assert text_of(opened_in_chromium(html, tmp_path), "main p") == "a script ran"
    smuggled = html.replace("<h1>", "<script>document.body.dataset.hurt=1</script><h1>")
    with pytest.raises(AssertionError, match="Content Security Policy"):
        opened_in_chromium(smuggled, tmp_path)


def test_half_of_a_character_can_be_written_to_a_file(template: Path) -> None:
    render_page(template, said="half \ud83d of a pair").encode("utf-8")


def test_a_value_that_the_template_misses_is_an_error(template: Path) -> None:
    with pytest.raises(UndefinedError, match="said"):
        render_page(template)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(scheme: str) -> None:
    colours = scheme_colours(SHELL / "page.css")[scheme]
    pairs = [("ink", "ground"), ("ink", "raised"), ("quiet", "ground"), ("quiet", "raised"), ("accent", "ground")]
    pairs += [("accent", "accent-ground"), ("alert", "alert-ground"), ("ink", "alert-ground"), ("ink", "accent-ground")]
    pairs += [("heat-ink-low", f"heat-{level}") for level in (1, 2, 3, 4)]
    pairs += [("heat-ink-high", f"heat-{level}") for level in (5, 6)]
    for text, ground in pairs:
        assert contrast(colours[text], colours[ground]) >= 4.5, f"{text} on {ground}"
    assert contrast(colours["line-strong"], colours["ground"]) >= 3, "borders of controls"


def test_pictures_and_pages_have_the_same_shades() -> None:
    light = scheme_colours(SHELL / "page.css")["light"]
    assert [light[f"heat-{level}"] for level in range(1, 7)] == list(HEAT)


@pytest.mark.parametrize(
    ("count", "level"), [(0, 0), (1, 1), (2, 2), (3, 3), (4, 3), (5, 4), (8, 4), (9, 5), (16, 5), (17, 6), (9_999, 6)]
)
def test_each_shade_stands_for_twice_as_many(count: int, level: int) -> None:
    assert heat_level(count) == level


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (number(1103), "1,103"),
        (number(None), "–"),
        (number(0.9, 2), "0.90"),
        (confidence(0.9996), "0.99"),
        (confidence(1.0), "1.00"),
        (confidence(0.0004), "0.01"),
        (confidence(None), "–"),
        (counted(1, "course"), "1 course"),
        (counted(1103, "course"), "1,103 courses"),
        (counted(2, "entry", "entries"), "2 entries"),
        (money(None), "–"),
        (money(0), "$0.00"),
        (money(0.0132), "$0.0132"),
        (money(1234.5), "$1,234.50"),
        (duration(None), "–"),
        (duration(0.41), "0.4 s"),
        (duration(59.7), "1 min 0 s"),
        (duration(200), "3 min 20 s"),
    ],
)
def test_numbers_are_written_as_people_read_them(written: str, expected: str) -> None:
    assert written == expected
