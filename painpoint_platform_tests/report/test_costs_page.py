"""The page of costs: an unknown price is never taken for nothing, and the cache is no call."""

from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from painpoint_platform_tests.pages.html import ATTACK, text_of
from painpoint_platform_tests.report.browser import opened, site_folder, texts
from painpoint_platform_tests.report.page_payloads import costs

ROWS = (
    ("2025-01-06", "label_issues", "gpt-5-mini", 10, 4, 0.5, 0),
    ("2025-01-08", "label_issues", "local", 6, 0, None, 6),
    ("2025-01-08", "global_themes", "gpt-5-mini", 0, 3, None, 0),
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> LexborHTMLParser:
    """The page of an address that names a measure, after a reader chose others and narrowed it, and left that again."""
    drive = """
        const label = () => find("#chart .drawing").getAttribute("aria-label");
        const choose = async (measure) => {
          find("#measure").value = measure;
          find("#measure").dispatchEvent(new Event("change"));
          await soon();
        };
        note("cached", find("#chart figcaption").textContent);
        await choose("cost");
        note("cost", label());
        enter("#filter-model", "local");
        note("none", find("#no-bars").textContent + find("#chart").hidden);
        note("days", all("#daily tbody th"));
        enter("#filter-model", "");
        await choose("calls");
    """
    report = site_folder(tmp_path_factory.mktemp("costs"), {"costs": costs(*ROWS)})
    return opened(report, "costs.html#measure=cached", drive=drive)


def test_known_costs_are_at_least_unknown_ones_are_named_and_cached_answers_are_no_calls(
    tree: LexborHTMLParser,
) -> None:
    assert text_of(tree, "#opening") == (
        "2025-01-06 to 2025-01-08: 16 calls of models, and 7 more that were answered from the cache at no cost."
    )
    assert text_of(tree, "#unpriced") == "The price of 6 of 16 calls is not known: the cost is at least what is shown."
    assert texts(tree, "#figures dd") == ["16", "7", "$0.5000", "6", "0", "330"]
    cost = 5
    assert {text_of(row, "th"): texts(row, "td")[cost] for row in tree.css("#tasks tbody tr")} == {
        "label_issues": "≥ $0.5000", "global_themes": "$0.00",
    }  # fmt: skip
    assert {text_of(row, "th"): texts(row, "td")[cost] for row in tree.css("#models tbody tr")} == {
        "gpt-5-mini": "$0.5000", "local": "no known price",
    }  # fmt: skip
    label = tree.css_first("#chart .drawing").attributes["aria-label"] or ""
    assert "16 calls in all, most on 2025-01-06." in label
    assert len(tree.css("#chart svg path[aria-roledescription=bar], #chart svg .mark-rect path")) >= 2


def test_the_measure_and_the_filters_stand_in_the_address_and_redraw_the_bars(tree: LexborHTMLParser) -> None:
    noted = tree.body.attributes
    assert noted["data-cached"] == "7 calls in all, most on 2025-01-06 Calls saved by the cache a day, by task"
    assert "$0.5000, all on 2025-01-06." in (noted["data-cost"] or "")
    assert noted["data-none"] == "No call of these has a known price, so there is no cost to draw.true"
    assert noted["data-days"] == "2025-01-08"


def test_without_any_price_the_cost_is_unknown_and_hostile_names_stay_text(tmp_path: Path) -> None:
    report = site_folder(tmp_path, {"costs": costs(("2025-01-08", ATTACK, ATTACK, 2, 0, None, 2))})
    tree = opened(report, "costs.html")
    assert text_of(tree, "#opening").startswith("2025-01-08: 2 calls of models")
    assert text_of(tree, "#unpriced").startswith("The price of none of the 2 calls is known")
    assert texts(tree, "#figures dd")[2] == "–"
    assert text_of(tree, "#tasks tbody th") == " ".join(ATTACK.split())


def test_without_calls_the_page_says_what_to_run(tmp_path: Path) -> None:
    assert "painpoint run" in text_of(opened(site_folder(tmp_path, {"costs": costs()}), "costs.html"), ".empty")
