"""The page of courses: from the heat map to clusters and the words of students, and back."""

from pathlib import Path

import pytest

from painpoint_platform_tests.pages.html import ATTACK, text_of
from painpoint_platform_tests.report.browser import opened, site_folder, texts
from painpoint_platform_tests.report.page_payloads import corpus


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    hostile = corpus("other", ATTACK)
    hostile["themes"]["theme"] = [ATTACK, "materials are broken"]
    corpora = [corpus(), hostile]
    return site_folder(tmp_path_factory.mktemp("courses"), {"courses": {"corpora": corpora}})


def test_a_cell_leads_to_snippets_and_back_and_hostile_text_of_another_corpus_stays_text(report: Path) -> None:
    drive = """
        click("#matrix tbody td a");
        await settled("#drill:not([hidden])");
        note("title", find("#drill-title").textContent);
        note("said", find("#drill-places").innerText);
        note("focus", document.activeElement.id);
        note("address", location.hash);
        click("#close");
        await settled("#drill[hidden]");
        note("back", document.activeElement.getAttribute("aria-label"));
        for (const key of ["ArrowRight", "ArrowLeft", "ArrowDown"]) {
          document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
        }
        note("moved", document.activeElement.getAttribute("aria-label"));
        location.hash = find("body").dataset.address;
        await settled("#drill:not([hidden])");
        note("again", find("#drill-title").textContent);
        location.hash = "other/G999";
        await soon();
        note("gone", find("#drill-about").textContent);
        location.hash = "other/G001";
        await soon();
        click("#drill summary");
        await settled("#drill blockquote");
    """
    tree = opened(report, "courses.html", drive=drive)
    body = tree.body.attributes
    assert [texts(row, "td") for row in tree.css("#matrix tbody tr")] == [
        ["2", "1", "", "3"], ["2", "", "", "2"], ["", "", "1", "1"],
    ]  # fmt: skip
    assert body["data-title"] == "G001 exams do not match · C 1/2 Calculus"
    assert "the exam was nothing like the practice test" in (body["data-said"] or "")
    assert "1 of 2 posts are in this report." in (body["data-said"] or "")
    assert body["data-focus"] == "drill-title"
    assert body["data-back"] == "2 posts, C 1/2, G001 exams do not match"
    assert body["data-moved"] == "2 posts, D200, G001 exams do not match"
    assert [node.attributes["tabindex"] for node in tree.css("#matrix td a")].count("0") == 1
    assert body["data-again"] == body["data-title"]
    assert "the corpus has none here" in (body["data-gone"] or "")
    assert text_of(tree, "#drill-title") == " ".join(f"G001 {ATTACK}".split())
    assert text_of(tree, "#drill blockquote") == " ".join(ATTACK.split())
    assert tree.css_first("#corpus").parent.attributes.get("hidden", "shown") == "shown"


def test_an_address_opens_a_theme_and_filters_count_anew_and_stay_when_another_is_opened(report: Path) -> None:
    drive = """
        note("opened", find("#drill-title").textContent + document.activeElement.id);
        click("#close");
        await settled("#drill[hidden]");
        enter("#filter-college", "Technology");
        enter("#filter-words", "EXAM hard");
        note("count", find(".filters output").textContent);
        enter("#filter-words", "");
        find("#order").value = "title";
        find("#order").dispatchEvent(new Event("change"));
        note("rows", all("#matrix tbody th a"));
        click("#ranking tbody th a");
        await settled("#drill:not([hidden])");
        note("address", location.hash);
    """
    tree = opened(report, "courses.html#corpus/G002", drive=drive)
    body = tree.body.attributes
    assert body["data-opened"] == "G002 materials are brokendrill-title"
    assert (body["data-count"], body["data-rows"]) == ("1 of 4 clusters", "C 1/2,D200")
    assert body["data-address"] == "#corpus/G001&college=Technology&order=title"
    assert texts(tree, "#ranking tbody tr:first-child td") == ["G001", "4", "", "2", "2", "2"]
    assert text_of(tree, "#drill-about p:nth-child(2)") == "4 posts in 2 clusters of 2 courses."
