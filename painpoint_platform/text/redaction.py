"""Masks what must not leave the machine before a text is sent to a model or a server.

Belongs here: ``redact`` and ``redact_json``. Does not belong here: what a secret looks like (``secret_patterns``) or a
person's address (``contact_patterns``).
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from painpoint_platform.text.contact_patterns import find_contacts
from painpoint_platform.text.secret_patterns import Span, find_secrets

# What stands for each kind, most serious first: of overlapping finds the first kind names the whole stretch.
REPLACEMENTS = {
    "private_key": "[private key]",
    "credentials": "[credentials]",
    "secret": "[secret]",
    "email": "[email]",
    "ip": "[ip]",
    "phone": "[phone]",
}
_RANK = {kind: rank for rank, kind in enumerate(REPLACEMENTS)}
_ROUNDS = 10  # a replacement can uncover what was glued to it; more than one such layer is contrived


class Redaction(NamedTuple):
    """A text without secrets, and how many were masked of each kind (kinds that did not occur are absent)."""

    text: str
    counts: dict[str, int]


def redact(text: str) -> Redaction:
    """Replace secrets, private keys, URL credentials, e-mail and IP addresses and phone numbers by words in brackets.

    Total, idempotent, and linear in the length of the text. Masks too much rather than too little where a value stands
    beside a name such as ``password``; ids, hashes, versions, dates and paths stay as they are.
    """
    counts: Counter[str] = Counter()
    for _ in range(_ROUNDS):
        before = text
        # Secrets first: what follows a masked "user:password" must not be read as the mailbox password@host.
        text = _masked(text, find_secrets(text), counts)
        text = _masked(text, find_contacts(text), counts)
        if text == before:
            break
    return Redaction(text, dict(counts))


def redact_json(value: Any) -> tuple[Any, dict[str, int]]:
    """Redact every string value of nested dicts, lists and tuples; keys and other values stay. Tuples become lists.

    Returns the new structure (the given one is not changed) and the counts over all strings.
    """
    counts: Counter[str] = Counter()

    def walk(part: Any) -> Any:
        if isinstance(part, str):
            redaction = redact(part)
            counts.update(redaction.counts)
            return redaction.text
        if isinstance(part, dict):
            return {key: walk(inner) for key, inner in part.items()}
        if isinstance(part, list | tuple):
            return [walk(inner) for inner in part]
        return part

    return walk(value), dict(counts)


def _masked(text: str, spans: Iterable[Span], counts: Counter[str]) -> str:
    parts: list[str] = []
    position = 0
    for start, end, kind in _merged(spans):
        parts += text[position:start], REPLACEMENTS[kind]
        counts[kind] += 1
        position = end
    return "".join((*parts, text[position:])) if parts else text


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end, kind in sorted(span for span in spans if span.start < span.end):
        if merged and start < merged[-1].end:
            last = merged.pop()
            merged.append(Span(last.start, max(last.end, end), min(last.kind, kind, key=_RANK.__getitem__)))
        else:
            merged.append(Span(start, end, kind))
    return merged
