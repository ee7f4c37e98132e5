"""A report as a reader has it: a folder on disk, opened in Chromium, and driven as a person would."""

import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from painpoint_platform.report.site_files import data_file, site_files
from painpoint_platform_tests.conftest import MODEL_CACHE
from painpoint_platform_tests.pages.html import CHROMIUM, SWITCHES, parsed

DAY = "2025-01-08"
# The page's own policy holds: the driver is a script of the folder, as the page's are.
DRIVEN = '<script src="assets/driver.js"></script>'
# Runs once the page is drawn.
DRIVER = """"use strict";
const find = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)].map((each) => each.textContent);
const click = (selector) => find(selector).click();
const soon = () => new Promise((done) => setTimeout(done, 30));
const settled = async (selector) => { while (!find(selector)) await soon(); };
const enter = (selector, value) => {
  find(selector).value = value;
  find(selector).dispatchEvent(new Event("input", { bubbles: true }));
};
const note = (name, value) => document.body.setAttribute("data-" + name, value);
addEventListener("load", async () => {
  while (!find("main[data-ready]")) await soon();
  %s
  note("driven", "");
});
"""


def site_folder(folder: Path, payloads: Mapping[str, Any], *, day: str | None = DAY) -> Path:
    """Write the pages of a report and, beside them, the payloads by their names."""
    texts = _site(day) | {f"data/{name}.js": data_file(name, payload) for name, payload in payloads.items()}
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@cache
def _site(day: str | None) -> dict[str, str]:
    return site_files(MODEL_CACHE, version="1.2.3", day=day, generated_at=f"{day}T06:00:00Z")


def opened(report: Path, page: str, *, drive: str = "", switches: tuple[str, ...] = ()) -> LexborHTMLParser:
    """Return the document as Chromium has it once it is drawn and ``drive`` ran; fail on any word in the console.

    Args:
        report: the folder; its pages get the driver.
        page: such as ``index.html#state=new``.
        drive: what a person would do, in JavaScript; see ``DRIVER``.
        switches: further ones of the browser, such as ``--window-size=360,800``.
    """
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    (report / "assets" / "driver.js").write_text(DRIVER % drive, encoding="utf-8")
    for each in report.glob("*.html"):
        html = each.read_text(encoding="utf-8")
        if DRIVEN not in html:
            each.write_text(html.replace("</body>", f"{DRIVEN}</body>"), encoding="utf-8")
    address = f"{report.as_uri()}/{page}"
    done = subprocess.run(
        [CHROMIUM, *SWITCHES, *switches, f"--user-data-dir={report / 'profile'}", address],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert not said, said
    tree = parsed(done.stdout)
    assert tree.css_first("main[data-ready]") is not None, "the page was not drawn"
    assert tree.css_first("body[data-driven]") is not None, "the page was not driven to the end"
    assert tree.css_first("[data-hurt]") is None, "text that was collected ran as a script"
    return tree


def texts(tree: LexborHTMLParser | LexborNode, selector: str) -> list[str]:
    """The text of all that matches, with its white space made one."""
    return [" ".join(node.text(separator=" ").split()) for node in tree.css(selector)]
