"""What tests of every page ask of it: parsed as a browser does, and opened in Chromium where that is installed."""

import base64
import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# Each would set the attribute ``data-hurt`` somewhere if it ran.
ATTACK = (
    "</script></style></title></textarea>\"'><img src=x onerror=document.body.dataset.hurt=1>"
    "<script>document.body.dataset.hurt=1</script><svg onload=document.body.dataset.hurt=1>{{ 7 * 191 }}&lt;b&gt;"
)
SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--enable-logging=stderr",
    "--virtual-time-budget=2000",
    "--dump-dom",
)


def parsed(html: str) -> LexborHTMLParser:
    return LexborHTMLParser(html)


def text_of(tree: LexborHTMLParser | LexborNode, selector: str) -> str:
    node = tree.css_first(selector)
    assert node is not None, f"nothing matches {selector}"
    return " ".join(node.text().split())


def assert_self_contained(html: str) -> LexborHTMLParser:
    """Assert that the page loads nothing, runs only what its policy names, and has what every page must have."""
    tree = parsed(html)
    assert html.startswith("<!doctype html>")
    assert tree.css_first("html").attributes["lang"] == "en"
    assert text_of(tree, "title")
    assert tree.css_first("a.skip").attributes["href"] == "#content"
    assert tree.css_first("main#content") is not None
    assert len(tree.css("h1")) == 1
    for node in tree.css("*"):
        for name, value in node.attributes.items():
            assert not name.startswith("on"), f"{node.tag} has {name}"
            assert name not in ("style", "srcset", "action", "formaction"), f"{node.tag} has {name}"
            if name in ("src", "href"):
                assert is_within(value or ""), f"{node.tag} loads {value}"
    policy = tree.css_first('meta[http-equiv="Content-Security-Policy"]').attributes["content"] or ""
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (node,) = tree.css(tag)
        digest = base64.b64encode(hashlib.sha256(node.text().encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
        assert not re.search(r"url\((?!data:)|@import|https?:", node.text())
    ids = [node.attributes["id"] for node in tree.css("[id]")]
    assert len(ids) == len(set(ids))
    return tree


def is_within(address: str) -> bool:
    """Whether an address leads into this page or, as a name alone, to one in the same folder."""
    return address.startswith(("#", "data:")) or re.fullmatch(r"[^/:?#]+\.html", address) is not None


def assert_links_arrive(tree: LexborHTMLParser) -> None:
    """Assert that every link within the page has a target."""
    from urllib.parse import unquote

    ids = {node.attributes["id"] for node in tree.css("[id]")}
    for link in tree.css('a[href^="#"]'):
        assert unquote((link.attributes["href"] or "")[1:]) in ids, link.html


def driven_in_chromium(html: str, folder: Path, script: str) -> LexborHTMLParser:
    """Return the document after ``script`` did what a person would; without the policy, which would forbid it."""
    policy = re.search(r'<meta http-equiv="Content-Security-Policy"[^>]*>', html)
    assert policy
    return opened_in_chromium(
        html.replace(policy[0], "").replace("</body>", f"<script>{script}</script></body>"), folder
    )


def opened_in_chromium(html: str, folder: Path, fragment: str = "") -> LexborHTMLParser:
    """Return the document as Chromium has it after its script ran; fail on any error in the console."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    page = folder / "page.html"
    page.write_text(html, encoding="utf-8")
    done = subprocess.run(
        [CHROMIUM, *SWITCHES, f"--user-data-dir={folder / 'profile'}", page.as_uri() + fragment],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert not said, said
    tree = parsed(done.stdout)
    assert tree.css_first("[data-hurt]") is None
    return tree
