"""What a sentence written about collected posts must not contain, whoever wrote it.

Belongs here: links, addresses and long copied runs in a model's output; tasks apply these in their ``check``.
Does not belong here: masking of what goes to a model (``text.redaction``).
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

# A run of this many words is a quotation and no longer a coincidence; short words alone ("how do I do it if it is")
# do not make one, hence the bytes of UTF-8, which also weigh a Chinese character like a short word.
COPIED_WORDS = 8
COPIED_BYTES = 40

LINK = re.compile(r"(?i)\b(?:[a-z][a-z0-9+.-]{1,15}://|www\.)\S|\]\(\S+\)")
BARE_DOMAIN = re.compile(
    r"(?i)\b[a-z0-9-]{2,63}(?:\.[a-z0-9-]{2,63})*\.(?:com|org|net|io|dev|app|ai|co|ru|cn|xyz|info)/\S"
)
EMAIL = re.compile(r"[^\s@<>()]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")
# Scripts written without spaces count a character as a word, or a whole sentence would be one word.
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")


def words(text: str) -> list[str]:
    """Split into lower-case words; punctuation, case and spacing do not hide a copy."""
    return WORD.findall(text.casefold())


def copied_run(text: str, posts: Sequence[str]) -> str | None:
    """Return the first run of words in ``text`` that was copied from exactly one of ``posts``, or None.

    A run is at least ``COPIED_WORDS`` words and ``COPIED_BYTES`` bytes. Wording that several posts share is the common
    wording of the problem and may be used.
    """
    owners = Counter(run for post in posts for run in set(_runs(words(post))))
    return next((run for run in _runs(words(text)) if owners[run] == 1), None)


def _runs(tokens: Sequence[str]) -> Iterable[str]:
    """The shortest run that is long enough, from each word on; linear, for both ends only move forward."""
    sizes = [len(token.encode("utf-8", "replace")) for token in tokens]
    end, size = 0, 0
    for start in range(len(tokens)):
        while end < len(tokens) and (end - start < COPIED_WORDS or size < COPIED_BYTES):
            size += sizes[end]
            end += 1
        if end - start < COPIED_WORDS or size < COPIED_BYTES:
            return
        yield " ".join(tokens[start:end])
        size -= sizes[start]


def forbidden_content(field: str, text: str, posts: Sequence[str]) -> list[str]:
    """Return one sentence for each rule that ``text`` breaks; ``field`` is the name to use for it."""
    problems = []
    if LINK.search(text) or BARE_DOMAIN.search(text):
        problems.append(f"{field}: must not contain a link")
    if EMAIL.search(text):
        problems.append(f"{field}: must not contain an e-mail address")
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        problems.append(f"{field}: must be one line of plain text")
    if copied_run(text, posts):
        problems.append(f"{field}: repeats {COPIED_WORDS} or more words of a single post; say it in your own words")
    return problems
