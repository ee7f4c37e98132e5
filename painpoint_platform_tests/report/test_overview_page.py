"""The overview: a reader sorts, narrows, drills in and comes back; nothing that was collected runs."""

from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from selectolax.lexbor import LexborHTMLParser

from painpoint_platform.pages.page import SHELL
from painpoint_platform.report.site_files import SITE
from painpoint_platform_tests.pages.colours import contrast, scheme_colours
from painpoint_platform_tests.pages.html import ATTACK, text_of
from painpoint_platform_tests.report.browser import opened, site_folder, texts
from painpoint_platform_tests.report.issue_payloads import issue_key, overview

# Separators of lines that ended a script before 2019.
HOSTILE = ATTACK + "\u2028\u2029"
# Counts the frames in which the table was there, and says how many there were when the charts' runtime was asked for.
COUNTED = """
    addEventListener("DOMContentLoaded", function count() {
      const { dataset } = document.body;
      if (document.querySelector("#table tbody tr")) dataset.frames = Number(dataset.frames ?? 0) + 1;
      requestAnimationFrame(count);
    });
    new MutationObserver(() => {
      const { dataset } = document.body;
      if (document.querySelector("head script[src*=vega]")) dataset.before ??= dataset.frames ?? "0";
    }).observe(document.head, { childList: true });
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> LexborHTMLParser:
    """The page after a reader narrowed and sorted it, followed another address, the first again, and a clean one."""
    report = site_folder(tmp_path_factory.mktemp("report"), {"overview": overview()})
    script = report / "data" / "overview.js"
    script.write_text(COUNTED + script.read_text(encoding="utf-8"), encoding="utf-8")
    return opened(
        report,
        "index.html",
        drive="""
        const titles = () => all("#table tbody th a").join("|");
        const follow = async (address) => { location.hash = address; await soon(); };
        enter("#filter-find", "problem 2");
        note("found", titles());
        enter("#filter-find", "EXPORT problem");
        enter("#filter-source", "reddit");
        click("#table thead th:first-child button");
        click("#table thead th:first-child button");
        note("narrowed", titles());
        note("count", find("#narrow output").textContent);
        const address = location.hash;
        note("address", address.slice(1));
        click('#facts a[href="#pay=yes"]');
        await soon();
        note("worth", titles());
        await follow("state=new&category=gone");
        note("elsewhere", titles());
        await follow(address);
        note("again", titles());
        click("#largest button");
        note("kind", all("#across tbody th").join("|"));
        enter("#filter-kind", "");
        click(".skip");
        note("skipped-to", document.activeElement.id + location.hash);
        await follow("");
        const moved = (each) => each.scrollWidth > each.clientWidth;
        note("moved", [...document.querySelectorAll(".scroller")].filter(moved).length);
        """,
        switches=("--window-size=1024,800",),
    )


def titles(tree: LexborHTMLParser) -> list[str]:
    return texts(tree, "#table tbody th a")


def test_the_day_is_told_in_figures_and_cards(tree: LexborHTMLParser) -> None:
    assert text_of(tree, "#summary") == (
        "90 of 120 posts from 2 sources tell of 4 problems; 1 of them is new, 1 grows, 1 stands out from ordinary days "
        "and for 2 a fix is worth money."
    )
    assert texts(tree, "#facts dd") == ["4", "1", "1", "1", "2", "90"]
    assert [link.attributes["href"] for link in tree.css("#facts a")] == ["#state=new", "#state=growing", "#pay=yes"]
    assert tree.body.attributes["data-worth"] == "Problem 0 of the export|Problem 2 of the export"
    # What stands out first, then what is new.
    assert texts(tree, "#cards h3") == ["Problem 1 of the export", "Problem 0 of the export"]
    assert len(tree.css("#cards svg path")) == 2


def test_issues_are_ranked_by_impact(tree: LexborHTMLParser) -> None:
    assert titles(tree) == [f"Problem {number} of the export" for number in range(4)]
    assert texts(tree.css_first("#table tbody tr"), "td")[:4] == ["90", "5", "4", "New"]
    assert texts(tree, "#table th[aria-sort]") == ["Impact"]


def test_the_table_is_seen_before_the_charts_keep_the_browser_busy(tree: LexborHTMLParser) -> None:
    assert int(tree.body.attributes["data-before"] or "") >= 1


def test_no_table_need_be_moved_on_a_screen_of_1024_pixels(tree: LexborHTMLParser) -> None:
    assert tree.body.attributes["data-moved"] == "0"


def test_vectors_keep_the_names_of_colours_so_that_paper_has_its_own(tree: LexborHTMLParser) -> None:
    fills = {mark.attributes["fill"] for mark in tree.css("#where svg .mark-rect path, #days svg .mark-rect path")}
    assert fills == {
        "var(--state-new)", "var(--state-growing)", "var(--state-steady)", "var(--state-fading)", "var(--series-1)",
        "var(--rest)",
    }  # fmt: skip


def test_charts_are_drawn_and_say_what_they_show(tree: LexborHTMLParser) -> None:
    charts = tree.css("#where .drawing, #days .drawing")
    assert [chart.attributes["aria-label"] for chart in charts] == [
        "Issues by category: Finance 2, AI 1, Devtools 1",
        "Posts by source: GitHub 80, Reddit 40",
        "Posts by category and day. Most are about AI (13)",
    ]
    assert all(chart.css_first("svg .mark-rect path") is not None for chart in charts)
    told = [text for text in texts(charts[0], ".role-axis-label text") if text.isdigit()]
    assert told == ["0", "1", "2"], "half of an issue is not rounded to one"
    assert texts(tree, "#where figcaption, #days figcaption") == [
        "Finance leads with 2 of 4 issues Issues by category and state",
        "GitHub leads with 80 of 120 posts Posts by source",
        "AI: 13 posts Posts by category and day, 2025-01-07 to 2025-01-08",
    ]
    assert texts(tree, "#where summary, #days summary") == ["Show as table"] * 3
    assert texts(tree, "#partial li") == ["Reddit is only partly in: HTTP 429 after page 3."]


def test_pain_points_of_every_domain_lead_to_their_evidence_and_nowhere_else(tree: LexborHTMLParser) -> None:
    leads = {text_of(row, "th"): row.css_first("th a") for row in tree.css("#across tbody tr")}
    assert leads["Problem 0 of the export"].attributes["href"] == f"issue.html#{issue_key(0)}"
    assert leads["Exams do not match"].attributes["href"] == "courses.html#corpus/G001"
    assert leads["Why did margins fall?"] is None, "an address that is none of the web is not a link"


def test_the_largest_pain_points_of_each_kind_stand_beside_each_other_and_lead_to_all_of_it(
    tree: LexborHTMLParser,
) -> None:
    assert texts(tree, "#largest h3") == ["Issues", "Themes of course feedback", "Analysts' questions"]
    assert texts(tree, "#largest li li") == [
        "Problem 0 of the export 40 posts", "One 30 posts", "Two 20 posts", "Exams do not match 20 comments",
        "Why did margins fall? 1 question",
    ]  # fmt: skip
    assert texts(tree, "#largest button") == ["Narrow the table to these 4"]
    assert tree.body.attributes["data-kind"] == "Problem 0 of the export|One|Two|Three"
    # The table has the order of the payload until the reader sorts it.
    assert texts(tree, "#across tbody th")[:3] == [
        "Problem 0 of the export", "Exams do not match", "Why did margins fall?",
    ]  # fmt: skip
    assert tree.css_first("#across th[aria-sort]") is None


def test_a_reader_narrows_and_sorts_and_shares_the_address(tree: LexborHTMLParser) -> None:
    noted = tree.body.attributes
    assert noted["data-found"] == "Problem 2 of the export"
    assert noted["data-narrowed"] == noted["data-again"] == "Problem 3 of the export|Problem 1 of the export"
    assert noted["data-count"] == "2 of 4 issues"
    asked = {"find": "EXPORT problem", "source": "reddit", "sort": "-title"}
    assert dict(parse_qsl(noted["data-address"] or "")) == asked
    assert noted["data-skipped-to"] == "content#" + (noted["data-address"] or "")
    # A category that the day does not have leaves all of them.
    assert noted["data-elsewhere"] == "Problem 0 of the export"


def test_an_issue_has_a_page(tree: LexborHTMLParser) -> None:
    links = [link.attributes["href"] for link in tree.css("#table tbody th a")]
    assert links == [f"issue.html#{issue_key(number)}" for number in range(4)]


def test_five_thousand_hostile_issues_stay_text_and_come_in_pages_on_a_phone_in_the_dark(tmp_path: Path) -> None:
    many = range(1, 5_000)
    payload = overview(
        5_000,
        title=[HOSTILE, *(f"Problem {number}" for number in many)],
        category=[HOSTILE, *("__proto__" for _ in many)],
        sources=[{HOSTILE: 1}, *({"constructor": 1} for _ in many)],
    )
    payload["sources"]["partial_reason"] = [None, HOSTILE]
    payload["days"] = ["2025-01-07", "2025-01-08"]
    tree = opened(
        site_folder(tmp_path, {"overview": payload}),
        "index.html",
        drive="""
        click("#theme");
        click("#theme");
        click("#table .more button");
        await soon();
        note("beyond", document.documentElement.scrollWidth - document.documentElement.clientWidth);
        """,
        switches=("--window-size=360,800",),
    )
    assert (tree.css_first("#table tbody th a").text()).startswith(ATTACK)
    assert tree.css_first("html").attributes["data-theme"] == "dark"
    assert tree.body.attributes["data-beyond"] == "0", "nothing is wider than the phone"
    assert len(tree.css("#table tbody tr")) == 100
    assert texts(tree, "#table .more") == ["100 of 5,000 issues Show 50 more"]
    # A young platform has no history by which an issue could be new.
    assert "This is the second day with issues, and on the first three every issue counts as new" in text_of(
        tree, "#summary"
    )
    assert texts(tree, "#facts dd")[1:3] == ["–", "–"]


def test_a_report_without_a_day_says_what_to_run(tmp_path: Path) -> None:
    empty = overview(0)
    empty |= {"day": None, "painpoints": {key: [] for key in empty["painpoints"]}}
    tree = opened(site_folder(tmp_path, {"overview": empty}, day=None), "index.html")
    assert "No day has been clustered yet" in text_of(tree, "#summary")
    assert texts(tree, "#cards code, #across code") == ["painpoint demo"] * 2


def test_beside_other_domains_a_report_without_a_day_says_nothing_of_the_demo(tmp_path: Path) -> None:
    themes = overview(0) | {"day": None}
    themes["painpoints"] = {name: values[1:2] for name, values in themes["painpoints"].items()}
    tree = opened(site_folder(tmp_path, {"overview": themes}, day=None), "index.html")
    assert texts(tree, "#cards code") == ["painpoint run"]
    assert texts(tree, "#across tbody th") == ["Exams do not match"]
    assert tree.css_first("#kinds select") is None, "of one kind there is nothing to choose"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_marks_of_charts_stand_out_from_their_ground(scheme: str) -> None:
    ground = scheme_colours(SHELL / "page.css")[scheme]["ground"]
    colours = scheme_colours(SITE / "report.css")[scheme]
    assert min(contrast(colours[f"series-{place}"], ground) for place in range(1, 9)) >= 3
    assert contrast(scheme_colours(SHELL / "page.css")[scheme]["ink"], colours["marked"]) >= 4.5
