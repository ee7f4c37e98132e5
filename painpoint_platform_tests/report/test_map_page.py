"""The map: a reader searches, moves, chooses an issue and comes back, by pointer and by keyboard."""

import json
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from painpoint_platform.report.charts_map import cluster_map
from painpoint_platform_tests.pages.html import ATTACK, text_of
from painpoint_platform_tests.report.browser import opened, site_folder, texts
from painpoint_platform_tests.report.page_payloads import KEYS, NAMES, day_map, issue_posts

# The map is drawn anew once it rests, and says so nowhere: waited for is longer than that.
REST = "await new Promise((done) => setTimeout(done, 250));"

# A pointer in the middle of the map, where the largest issue is.
POINTER = """
    const box = find("#map canvas").getBoundingClientRect();
    const point = (type, right = 0) => find("#map canvas").dispatchEvent(new PointerEvent(type, {
      clientX: box.left + box.width / 2 + right, clientY: box.top + box.height / 2, pointerId: 1, bubbles: true,
    }));
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> LexborHTMLParser:
    """The map after a reader searched, moved it, dragged, chose an issue, closed it and followed an old address."""
    drive = f"""
        const drawn = () => find("#map canvas").toDataURL();
        {POINTER}
        HTMLElement.prototype.setPointerCapture = () => {{}};
        enter("#filter-words", "LEDGER");
        note("found", find(".filters output").textContent);
        enter("#filter-words", "");
        click("[data-category=finance]");
        note("address", location.hash);
        note("listed", all("#table tbody th").join("|"));
        note("legend", all("#legend button").join("|"));
        note("pressed", all("#legend button[aria-pressed=true]").join("|"));
        click("[data-category=finance]");
        {REST}
        const seen = [drawn()];
        for (const act of ["in", "right"]) {{ click(`[data-act=${{act}}]`); {REST} seen.push(drawn()); }}
        find("#map").dispatchEvent(new KeyboardEvent("keydown", {{ key: "ArrowUp" }})); {REST}
        seen.push(drawn());
        click("[data-act=all]"); {REST}
        note("back", drawn() === seen[0]);
        note("different", new Set(seen).size);
        point("pointerdown"); point("pointermove", 6); point("pointerup", 6); point("click", 6);
        {REST}
        note("dragged", drawn() !== seen[0] && !location.hash);
        click("[data-act=all]"); {REST}
        for (const type of ["pointermove", "pointerdown", "pointerup", "click"]) point(type);
        await settled("#panel li a");
        note("panel", find("#panel").textContent);
        note("focus", document.activeElement.id);
        note("chosen", location.hash);
        note("link", find("#panel li a").href + " " + find("#panel li a").rel);
        click("#panel button");
        await settled("#panel[hidden]");
        await soon();
        note("focused", document.activeElement.textContent);
        location.hash = "dd00";
        await settled("#panel:not([hidden])");
        await soon();
    """
    report = site_folder(tmp_path_factory.mktemp("map"), {"map": day_map(), **issue_posts()})
    return opened(report, "map.html", drive=drive, switches=("--virtual-time-budget=6000",))


def test_words_and_the_legend_light_up_issues_and_the_table_follows(tree: LexborHTMLParser) -> None:
    noted = tree.body.attributes
    # Words of an issue's posts find the issue.
    assert (noted["data-found"], noted["data-address"]) == ("1 of 3 issues", "#category=finance")
    assert noted["data-listed"] == f"{NAMES[0]}|{NAMES[2]}"
    assert (noted["data-legend"], noted["data-pressed"]) == ("Devtools 1|Finance 2", "Finance 2")


def test_keys_buttons_and_a_drag_move_the_map_and_a_drag_chooses_nothing(tree: LexborHTMLParser) -> None:
    noted = tree.body.attributes
    assert (noted["data-different"], noted["data-back"], noted["data-dragged"]) == ("4", "true", "true")


def test_a_bubble_opens_its_issue_closing_returns_to_its_line_and_a_key_of_another_day_is_missing(
    tree: LexborHTMLParser,
) -> None:
    noted = tree.body.attributes
    assert noted["data-chosen"] == f"#{KEYS[0]}"
    assert "20 posts, impact 80" in (noted["data-panel"] or "")
    assert (noted["data-focus"], noted["data-focused"]) == ("panel-title", NAMES[0])
    assert noted["data-link"] == "https://example.org/1 noreferrer noopener"
    assert "No issue of this day has the key dd00." in text_of(tree, "#panel")


def test_hostile_titles_stay_text_also_where_a_link_has_the_whole_key(tmp_path: Path) -> None:
    report = site_folder(tmp_path, {"map": day_map([ATTACK, "b\u2028", "c"]), **issue_posts(text=ATTACK)})
    tree = opened(report, f"map.html#{KEYS[0]}{'f' * 48}", drive=f'await settled("#panel li"); {REST}')
    assert texts(tree, "#table tbody th")[0] == " ".join(ATTACK.split())
    assert text_of(tree, "#panel h2") == " ".join(ATTACK.split())
    # Of the two posts the one whose address is no address has none.
    assert len(tree.css("#panel li")) == 2
    assert len(tree.css("#panel li a")) == 1


def test_no_text_that_was_collected_is_part_of_an_expression() -> None:
    spec = cluster_map()
    expressions = [part for part in json.dumps(spec).split('"') if "datum" in part]
    assert set(expressions) == {"datum.lit", "datum.chosen"}
    assert {layer["data"]["name"] for layer in spec["layer"]} == {"noise", "items", "clusters", "names"}


def test_without_issues_the_map_says_what_to_run(tmp_path: Path) -> None:
    none = {"day": None, "clusters": {"key": [], "x": [], "y": []}, "items": {"cluster": [], "x": [], "y": []}}
    tree = opened(site_folder(tmp_path, {"map": none}, day=None), "map.html")
    assert "Run painpoint run and make the report anew." in text_of(tree, ".empty")
