"""An issue's page: what it is, how much it weighs, what its posts say, how it came about; a key that is not there."""

from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from painpoint_platform_tests.pages.html import ATTACK, text_of
from painpoint_platform_tests.report.browser import opened, site_folder, texts
from painpoint_platform_tests.report.issue_payloads import issue, issue_files, issue_key, post

KEY, BARE = issue_key(1), issue_key(2)
# Of a key that no file begins with; a request for one would be an error in the console.
UNKNOWN = "zz" + "0" * 14
# As long as what is kept of a post, and so perhaps cut within a word.
CUT = {"snippet": "It fails. " * 19 + "Always, alw"[:10], "quote": "It fails."}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> LexborHTMLParser:
    """The page of an issue, to which a reader came by way of keys that are not there and an issue without much."""
    nothing: dict[str, list[object]] = {name: [] for name in issue()["history"]}
    bare = issue(
        title="Bare", title_by=None, description=None, growth=None, impact_parts=None, model=None, sources={},
        perception=dict.fromkeys(issue()["perception"]), evidence=[], history=nothing, lineage=[], decisions=[],
    )  # fmt: skip
    posts = [post(number, **(CUT if number == 1 else {})) for number in range(11)]
    report = site_folder(tmp_path_factory.mktemp("report"), issue_files({KEY: issue(evidence=posts), BARE: bare}))
    # Keys are kept with 16 of their 64 characters, and people copy all of them.
    return opened(
        report,
        f"issue.html#{UNKNOWN}",
        drive=f"""
        const come = async (key, title) => {{
          location.hash = key;
          while (find("h1").textContent !== title) await soon();
        }};
        note("unknown", find("#issue").textContent);
        await come("", "No issue is chosen");
        await come("{KEY[:2]}constructor", "This issue is not in the report");
        await come("{BARE}", "Bare");
        note("parts", all("h2"));
        note("described", find(".opening").textContent);
        await come("{KEY}{"0" * 48}", "Exports lose the last row");
        while (document.querySelectorAll(".drawing svg").length < 3) await soon();
        """,
    )


def test_its_head_says_what_it_is(tree: LexborHTMLParser) -> None:
    assert text_of(tree, "title") == "Exports lose the last row · Painpoint Platform"
    assert texts(tree, "h1") == ["Exports lose the last row"]
    assert texts(tree, ".opening .tags span") == ["Growing", "Finance", "High impact", "Would pay", "Publishable"]
    assert "ada gave it this title; the model's was “CSV is cut”." in texts(tree, ".opening p")
    assert texts(tree, ".figures dd") == ["80", "133", "120", "× 2.4", "2025-01-06", "2025-01-08"]


def test_growth_and_intervals_are_said_in_words(tree: LexborHTMLParser) -> None:
    assert texts(tree, "[aria-labelledby=history-title] > p") == [
        "It was first seen on 2025-01-06. It is growing: reported 2.4 times as often as usual, and between 1.2 and 4.1 "
        "times with a probability of 90 %. So many posts are a rare event: less than one day in 1,000 if nothing had "
        "changed."
    ]
    felt = texts(tree, ".felt li")
    assert felt[0].startswith("Negativity 0.70 of 1: negative. The models are sure of that")
    assert felt[1].startswith("Intensity 0.50 of 1: moderately stirred up. The models know it roughly")
    assert felt[2].startswith("Willingness 0.30 of 1: unwilling to go on. The models know little about it")


def test_its_weight_is_taken_apart(tree: LexborHTMLParser) -> None:
    parts = {row.css_first("th").text(deep=False): texts(row, "td") for row in tree.css("#weight tbody tr")}
    assert parts["Severity"] == ["35.0", "35"]
    assert sum(float(points) for points, _ in parts.values()) == 80
    assert sum(float(most) for _, most in parts.values()) == 100


def test_posts_have_their_quote_marked_and_lead_to_where_they_were_written(tree: LexborHTMLParser) -> None:
    first = tree.css_first(".posts li")
    assert text_of(first, "blockquote") == "Since today the last row is gone. It worked before."
    assert texts(first, "mark") == ["the last row is gone"]
    assert texts(tree, ".posts blockquote")[1].endswith("It fails. Always, …")
    link = first.css_first("h3 a").attributes
    assert link["href"] == "https://github.com/a/b/issues/0"
    assert link["rel"] == "noreferrer noopener"
    assert text_of(tree, "[aria-labelledby=posts-title] > p").startswith("11 of 133 posts")
    assert len(tree.css(".posts li")) == 8
    assert texts(tree, "#posts > button") == ["Show 3 more posts"]


def test_charts_descent_and_decisions_are_there(tree: LexborHTMLParser) -> None:
    assert [node.attributes["aria-label"] for node in tree.css("#history .drawing, #sources .drawing")] == [
        "Posts by day: 2025-01-06 3, 2025-01-07 8, 2025-01-08 133",
        "GitHub 2, Reddit 1",
    ]
    assert all(node.css_first("svg .mark-rect path") is not None for node in tree.css(".drawing"))
    assert texts(tree, "figcaption b") == [
        "Most on 2025-01-08: 133 posts",
        "Its posts are negative, moderately stirred up, unwilling to go on",
        "GitHub leads with 2 of 3 posts",
    ]
    assert texts(tree, "#lineage li") == [
        "2025-01-06 Nothing like it had been seen.",
        "2025-01-08 It took in Exports are cut . Resemblance 0.83 of 1.",
    ]
    assert tree.css_first("#lineage a").attributes["href"] == f"issue.html#{issue_key(7)}"
    assert texts(tree, "#decisions li") == [
        "2025-01-08 ada called it “Exports lose the last row”. Reason: says what is lost",
        f"2025-01-08 Somebody merged it with issue {issue_key(7)[:8]}",
    ]


def test_a_key_that_is_not_there_says_so(tree: LexborHTMLParser) -> None:
    said = tree.body.attributes["data-unknown"] or ""
    assert f"No issue with the key {UNKNOWN} was seen on the last 30 clustered days up to 2025-01-08." in said


def test_what_an_issue_lacks_is_left_out(tree: LexborHTMLParser) -> None:
    assert tree.body.attributes["data-parts"] == ""
    assert "no model could label it" in (tree.body.attributes["data-described"] or "")


def test_hostile_posts_stay_text_and_lead_nowhere(tmp_path: Path) -> None:
    addresses = ["javascript:document.body.dataset.hurt=1", "data:text/html,x", ATTACK, "https://example.org/" + ATTACK]
    posts = [post(0, url=url, title=ATTACK, snippet=ATTACK, quote=ATTACK[:40], source=ATTACK) for url in addresses]
    previous = [{"key": '"><img src=x onerror=document.body.dataset.hurt=1>', "title": ATTACK}]
    hostile = issue(
        title=ATTACK, title_by=ATTACK, description=ATTACK + "\u2028", category=ATTACK, state=ATTACK, evidence=posts,
        sources={ATTACK: 3}, lineage=[{"day": ATTACK, "relation": "splits", "similarity": 0.5, "previous": previous}],
        decisions=[{"at": ATTACK, "by": ATTACK, "kind": ATTACK, "title": None, "target": None, "posts": 1,
                    "reason": ATTACK}],
    )  # fmt: skip
    tree = opened(
        site_folder(tmp_path, issue_files({KEY: hostile})),
        f"issue.html#{KEY}",
        drive="""
        for (const details of document.querySelectorAll("details")) details.open = true;
        await soon();
        note("beyond", document.documentElement.scrollWidth - document.documentElement.clientWidth);
        """,
        switches=("--window-size=360,800",),
    )
    assert tree.css_first("h1").text() == ATTACK
    assert tree.css_first(".posts blockquote").text() == ATTACK
    assert [len(each.css("h3 a")) for each in tree.css(".posts li")] == [0, 0, 0, 1]
    assert tree.body.attributes["data-beyond"] == "0", "nothing is wider than the phone"
