"""Telling text that gives orders to whoever reads it for a machine from text that reports something.

Belongs here: finding such orders, in any of the disguises that ``disguises`` undoes; ``directives.toml`` says what they
look like. Does not belong here: what becomes of a post that holds one (``issues.labelling.voices``).

The patterns go by what an order must do, not by known sentences: do away with the instructions in force, speak in
another role, name the fields of the label, say what the answer shall be, close the data and open another prompt, or
threaten. A report in the third person ("the agent ignores its system prompt") is none. Catalogues of attacks: OWASP
LLM01 (prompt injection), Greshake et al. 2023 (indirect injection), Perez and Ribeiro 2022 (goal hijacking).
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from painpoint_platform.text.disguises import folded, readings

PATTERNS = Path(__file__).with_suffix(".toml")
# Inside a clause, in any script.
_CLAUSE = "[^.!?。！？]"
# Letters held apart by blanks or signs, so that no word is left to look for.
_DRAWN_APART = re.compile(r"(?:(?<!\w)\w{1,2}[\W_]{1,3}){5}")
_NOT_A_LETTER = re.compile(r"[\W\d_]+")


class _Order(NamedTuple):
    """One way to give orders: its kind, words of which one must occur, and the pattern itself."""

    kind: str
    hints: tuple[str, ...]
    pattern: re.Pattern[str]


def directive(text: str) -> str | None:
    """Return the kind of the first order found in ``text``, or None where it only reports something.

    Kinds: ``override``, ``role``, ``addressed``, ``marker``, ``field``, ``answer``, ``threat``, ``encoded``. Total, and
    linear in the length of the text.
    """
    return next(filter(None, map(_order_in, readings(text))), None)


def _order_in(reading: str) -> str | None:
    for order in _orders():
        if any(map(reading.__contains__, order.hints)) and order.pattern.search(reading):
            return order.kind
    if not _DRAWN_APART.search(reading):
        return None
    letters = _NOT_A_LETTER.sub("", folded(reading))
    squeezed = _squeezed()
    is_worth_it = any(map(letters.__contains__, squeezed.hints))
    return squeezed.kind if is_worth_it and squeezed.pattern.search(letters) else None


@cache
def _listed() -> Mapping[str, Any]:
    return tomllib.loads(PATTERNS.read_text(encoding="utf-8"))


@cache
def _orders() -> tuple[_Order, ...]:
    english = (
        _Order(kind, tuple(order["hints"]), _verbose(order["pattern"])) for kind, order in _listed()["english"].items()
    )
    override, field = _listed()["foreign"]["override"], _listed()["foreign"]["field"]
    either_way = "|".join(
        rf"(?:{verb}){_CLAUSE}{{0,60}}(?:{said})|(?:{said}){_CLAUSE}{{0,40}}(?:{verb})"
        for verb, said in override["pairs"]
    )
    named = (
        rf"(?:{field['category']}){_CLAUSE}{{0,40}}<<fields>>|<<fields>>{_CLAUSE}{{0,30}}(?:{field['category']})"
        rf"|{field['title']}"
    )
    return (
        *english,
        _Order("override", tuple(override["hints"]), _verbose(either_way)),
        _Order("field", tuple(field["hints"]), _verbose(named)),
    )


@cache
def _squeezed() -> _Order:
    squeezed = _listed()["squeezed"]
    return _Order("override", tuple(squeezed["hints"]), _verbose(squeezed["pattern"]))


def _verbose(pattern: str) -> re.Pattern[str]:
    return re.compile(_with_parts(pattern), re.VERBOSE)


def _with_parts(pattern: str) -> str:
    for name, part in _listed()["parts"].items():
        pattern = pattern.replace(f"<<{name}>>", part.strip())
    return pattern
