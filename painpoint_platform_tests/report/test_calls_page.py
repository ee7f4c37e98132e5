"""The page of calls: which to look at, who asked what, and how sure that is."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from painpoint_platform_tests.pages.html import ATTACK, text_of
from painpoint_platform_tests.report.browser import opened, site_folder, texts
from painpoint_platform_tests.report.page_payloads import calls


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> LexborHTMLParser:
    """The page of an exchange's address, after a reader opened a call, closed it and followed other addresses."""
    drive = """
        click("#table tbody a");
        await settled(".group");
        await soon();
        note("focus", document.activeElement.id);
        click("#group-2 h3 a");
        await settled("#group-2.asked");
        note("address", location.hash);
        note("tags", [...document.querySelectorAll(".group.low")].map((each) => each.id));
        note("said", find("#group-2").textContent);
        click("#close");
        await settled("#call[hidden]");
        note("back", document.activeElement.textContent);
        for (const [name, transcript] of [["old", "2019-Jan-30-OLD"], ["gone", "nothing"]]) {
          location.hash = transcript;
          await soon();
          note(name, find("#call-about").textContent);
        }
        location.hash = "2025-Apr-29-ACME/1&analyst=Dana%20Whitfield&sort=call_date";
        await settled("#group-1.asked");
    """
    report = site_folder(tmp_path_factory.mktemp("calls"), calls(ATTACK))
    return opened(report, "calls.html", drive=drive)


def test_a_call_opens_with_its_exchanges_and_closing_it_returns_to_its_line(tree: LexborHTMLParser) -> None:
    body = tree.body.attributes
    assert (body["data-focus"], body["data-back"]) == ("call-title", "2025-Apr-29-ACME")
    assert (body["data-address"], body["data-tags"]) == ("#2025-Apr-29-ACME/2", "group-2")
    assert "low confidence Confidence 0.41, 1 question, rule_detection." in (body["data-said"] or "")
    assert "not in the report, for its size" in (body["data-old"] or "")
    assert body["data-gone"] == "This report has no call of this name."


def test_an_exchange_opens_by_its_address_and_filters_narrow_the_list_and_the_call(tree: LexborHTMLParser) -> None:
    assert text_of(tree, "#group-1 blockquote") == " ".join(ATTACK.split())
    assert "open" in tree.css_first("#group-1 details").attributes
    assert text_of(tree, ".filters output") == "2 of 3 calls"
    assert text_of(tree, "#call-about").startswith("ACME, 2025-04-29. 1 of 2 exchanges, those that the filters leave.")
    assert [node.attributes["id"] for node in tree.css(".group")] == ["group-1"]
    assert texts(tree, "#table tbody th") == ["2025-Jan-30-ORBT", "2025-Apr-29-ACME 1 to check"]
