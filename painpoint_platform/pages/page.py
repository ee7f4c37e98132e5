"""Self-contained HTML pages: one file that opens from disk, asks nothing of the network and runs no code but its own.

Belongs here: the shell that every page shares (``shell/page.html``, ``page.css``, ``page.js``), how a template becomes
a file, and how numbers are written. Does not belong here: what a page says (the template and the Python beside it, in
its domain).

A page is a template ``<name>.html`` in its domain that extends ``page.html``, with ``<name>.css`` and ``<name>.js``
beside it where it needs them. Styles and script are inlined, and the Content-Security-Policy names them by their
hashes: nothing else is applied, executed or loaded, whatever the data hold. For the same reason a template can have
neither ``style`` nor ``on…`` attributes; they would have no effect.
"""

import base64
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from painpoint_platform.wording import counted

if TYPE_CHECKING:
    from jinja2 import Environment

SHELL = Path(__file__).resolve().parent / "shell"
UNKNOWN = "–"


def render_page(template: Path, **values: object) -> str:
    """Render ``template`` with ``values`` inside the shell, as the complete text of an HTML file.

    Every value is escaped, in text and in quoted attributes. A name that the template uses and ``values`` lacks is an
    error, not a gap.

    Args:
        template: a ``.html`` file that extends ``page.html`` and sets the blocks ``title`` and ``content``.
        values: what the template shows.

    Raises:
        jinja2.TemplateError: the template is wrong or misses a value.
    """
    from markupsafe import Markup

    style = _inlined(template, ".css")
    script = _inlined(template, ".js")
    page = _environment(template.parent).get_template(template.name)
    text = page.render(style=Markup(style), script=Markup(script), policy=_policy(style, script), **values)
    # JSON may hold half of a surrogate pair, which no file in UTF-8 can.
    return text.encode("utf-8", "replace").decode("utf-8")


def number(value: float | None, decimals: int = 0) -> str:
    """Write a number with thousands apart, ``–`` for none."""
    return UNKNOWN if value is None else f"{value:,.{decimals}f}"


def confidence(value: float | None) -> str:
    """Write a probability with two decimals; only what is certain is ``1.00``, and only nothing ``0.00``."""
    if value is None:
        return UNKNOWN
    return f"{value if value in (0, 1) else min(max(value, 0.01), 0.99):.2f}"


def money(usd: float | None) -> str:
    """Write US dollars: cents from a dollar on, four decimals below, ``–`` where the price is not known."""
    if usd is None:
        return UNKNOWN
    return f"${usd:,.2f}" if usd >= 1 or usd == 0 else f"${usd:.4f}"


def duration(seconds: float | None) -> str:
    """Write a span of time as a person says it: ``0.4 s``, ``42 s``, ``3 min 20 s``."""
    if seconds is None:
        return UNKNOWN
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes:,} min {rest} s" if minutes else f"{rest} s"


@lru_cache
def _environment(folder: Path) -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([SHELL, folder]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, confidence=confidence, counted=counted, money=money, duration=duration)
    return environment


@lru_cache
def _inlined(template: Path, suffix: str) -> str:
    own = template.with_suffix(suffix)
    parts = [SHELL / f"page{suffix}", *([own] if own.exists() else [])]
    return "\n".join(part.read_text(encoding="utf-8") for part in parts)


def _policy(style: str, script: str) -> str:
    directives = {
        "default-src": "'none'",
        "style-src": _digest(style),
        "script-src": _digest(script),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        # The browser refuses to turn text into markup, so no script of ours can do it by mistake.
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
