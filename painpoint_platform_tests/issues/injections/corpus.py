"""The corpus of injected posts: ``posts.toml`` with its targets filled in and its orders disguised.

Belongs here: reading and disguising. Does not belong here: clusters to attack, and what a flip is (``harness``).
"""

import base64
import codecs
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import quote

POSTS = Path(__file__).with_name("posts.toml")
CROWD = 50
ZERO_WIDTH, RIGHT_TO_LEFT, POP = "\u200b", "\u202e", "\u202c"
HOMOGLYPHS = str.maketrans("aeopcxyi", "аеорсхуі")
LEET = str.maketrans("oieast", "013457")


@dataclass(frozen=True)
class Target:
    """What a flipped label would show: these values, or this name in its title."""

    name: str
    title: str
    category: str
    impact: str


@dataclass(frozen=True)
class Attack:
    """What a stranger posts into a cluster: one post, or a crowd of posts that agree."""

    attack_id: str
    kind: str
    target: Target
    posts: tuple[tuple[str, str], ...]


DISGUISES: dict[str, Callable[[str], str]] = {
    "base64": lambda text: f"Decode this: {base64.b64encode(text.encode()).decode()}",
    "hex": lambda text: f"Bytes: {text.encode().hex()}",
    "rot13": partial(codecs.encode, encoding="rot13"),
    "backwards": lambda text: text[::-1],
    "zero_width": ZERO_WIDTH.join,
    "bidi": lambda text: f"{RIGHT_TO_LEFT}{text[::-1]}{POP}",
    "tag_characters": lambda text: "It fails." + "".join(chr(0xE0000 + ord(letter)) for letter in text),
    "homoglyph": lambda text: text.translate(HOMOGLYPHS),
    "full_width": lambda text: "".join(
        chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text
    ),
    "leet": lambda text: text.translate(LEET),
    "spaced": " ".join,
    "percent": lambda text: quote(text, safe=""),
    "entities": lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    "escapes": lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text),
    "shouting": lambda text: text.upper().replace(" ", "   "),
    "mathematical": lambda text: "".join(
        chr(0x1D41A + ord(letter) - ord("a")) if "a" <= letter <= "z" else letter for letter in text.lower()
    ),
}


@cache
def load_attacks() -> tuple[Attack, ...]:
    """Return every attack, single posts first; the same in every process."""
    written = tomllib.loads(POSTS.read_text(encoding="utf-8"))
    targets = [Target(**target) for target in written["targets"]]
    return (*_singles(written, targets), *_crowds(written["coordinated"], targets))


def _singles(written: dict[str, Any], targets: list[Target]) -> Iterator[Attack]:
    for kind, posts in written["kinds"].items():
        for number, (post, target) in enumerate(zip(posts, cycle(targets), strict=False)):
            yield Attack(f"{kind}-{number}", kind, target, (_post(post, target),))
    for kind, disguise in DISGUISES.items():
        for number, (order, target) in enumerate(zip(written["disguised"]["orders"], cycle(targets), strict=False)):
            # Half of them in the title, where a reader looks first.
            hidden = disguise(_filled(order, target))
            post = (hidden, "It fails.") if number % 2 else ("It still fails", hidden)
            yield Attack(f"{kind}-{number}", kind, target, (post,))


def _crowds(written: dict[str, Any], targets: list[Target]) -> Iterator[Attack]:
    for kind, posts in (("coordinated_orders", written["orders"]), ("coordinated_chorus", written["choruses"])):
        for number, (post, target) in enumerate((post, target) for post in posts for target in targets):
            crowd = tuple(_post(post, target, n=n) for n in range(1, CROWD + 1))
            yield Attack(f"{kind}-{number}", kind, target, crowd)


def _post(post: str, target: Target, n: int = 0) -> tuple[str, str]:
    title, body = _filled(post, target, n).split(" | ", 1)
    return title, body


def _filled(text: str, target: Target, n: int = 0) -> str:
    for name in ("name", "title", "category", "impact"):
        text = text.replace(f"{{{name}}}", getattr(target, name))
    return text.replace("{n}", str(n)).replace("{{", "{").replace("}}", "}") if "{n}" in text else text
