"""What a sentence written about collected posts must not contain, whoever wrote it.

Belongs here: links, addresses, secrets, orders, hidden characters and long copied runs in a model's output; tasks apply
these in their ``check``. Does not belong here: masking of what goes to a model (``text.redaction``), what an order
looks like (``text.directives``).
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from painpoint_platform.text.directives import directive
from painpoint_platform.text.disguises import folded, legible
from painpoint_platform.text.redaction import redact

# A run of this many words is a quotation and no longer a coincidence; short words alone ("how do I do it if it is")
# do not make one, hence the bytes of UTF-8, which also weigh a Chinese character like a short word.
COPIED_WORDS = 8
COPIED_BYTES = 40

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
LINK = re.compile(
    r"(?i)\b(?:[a-z][a-z0-9+.-]{1,15}://|www\.)\S|\]\(\S+\)|\]\[[^\]]*\]|\bh(?:xx|\*\*|__|tt)ps?(?::|\[:\])/?/?"
)
BARE_DOMAIN = re.compile(
    rf"(?i)\b(?:{_LABEL}\.)+(?:com|org|net|io|dev|app|ai|co|ru|cn|xyz|info|me|ly|gg|top|shop|site|online|biz|store|link"
    r"|click|club|page|sh|to|de|uk|eu|in)(?::\d{1,5})?/\S|\bxn--[a-z0-9-]{2,}|\b(?:t\.me|bit\.ly|discord\.gg|wa\.me)\b"
)
# A dot that is spelt out or put in brackets is there for no other reason than to get past a filter.
HIDDEN_DOT = re.compile(
    rf"(?i)\b{_LABEL}\s?(?:\[\s?\.\s?\]|\(\s?\.\s?\)|\{{\s?\.\s?\}}|\s\.\s?|[\[({{]\s?dot\s?[\])}}]|\sdot\s)\s?"
    r"(?:com|org|net|io|dev|app|ai|co|ru|cn|xyz|info|me|gg|top|shop|site|online|biz|store|link|click|club|page|example|test)\b"
)
# The name of a site is a link where the reader is sent there, or where a single post has brought it up.
DOMAIN_NAME = re.compile(
    rf"(?i)(?<![@\w.-])(?:{_LABEL}\.)+(?:com|org|ru|cn|xyz|info|top|shop|site|online|biz|store|link|click|club|page|example|test)\b"
)
SENT_TO = re.compile(
    r"(?i)\b(?:visit|go to|see|check out|browse to|head (?:over )?to|(?:buy|sold|order|available|details|more|sign up"
    rf"|register|download|get it) (?:now )?(?:at|from|on|via))\s+(?:{_LABEL}\.)+[a-z]{{2,12}}\b"
)
EMAIL = re.compile(r"[^\s@<>()]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")
HANDLE = re.compile(
    r"(?i)\b(?:contact|follow|dm|pm|ping|message|reach(?: out to)?|write to|e?-?mail|telegram|twitter|insta(?:gram)?"
    r"|whatsapp|discord|skype|wechat|signal|mastodon|tiktok|youtube|call|text|ask for)\b\W{0,4}"
    r"(?:\w{1,12}\W{1,3}){0,3}@[\w.]{2,}"
    r"|@[\w.]{2,40}\s+(?:on|via|at)\s+(?:telegram|twitter|x|insta(?:gram)?|whatsapp|discord|signal|tiktok|youtube)\b"
)
# Scripts written without spaces count a character as a word, or a whole sentence would be one word.
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")
# Kinds of ``text.redaction`` that a sentence must not hold. An IP address may be what a problem is about.
SECRETS = {"private_key", "credentials", "secret", "phone"}
MASKED = re.compile(r"\[(?:private key|credentials|secret|email|ip|phone)\]")


def words(text: str) -> list[str]:
    """Split into lower-case words; punctuation, case and spacing do not hide a copy."""
    return WORD.findall(text.casefold())


def copied_run(text: str, posts: Sequence[str]) -> str | None:
    """Return the first run of words in ``text`` that was copied from exactly one of ``posts``, or None.

    A run is at least ``COPIED_WORDS`` words and ``COPIED_BYTES`` bytes. Wording that several posts share is the common
    wording of the problem and may be used. Look-alike letters and invisible characters do not hide a copy.
    """
    owners = Counter(run for post in posts for run in set(_runs(_bare_words(post))))
    return next((run for run in _runs(_bare_words(text)) if owners[run] == 1), None)


def _bare_words(text: str) -> list[str]:
    return words(folded(_undisguised(text)))


def _undisguised(text: str) -> str:
    return unicodedata.normalize("NFKC", legible(text))


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
    """Return one sentence for each rule that ``text`` breaks; ``field`` is the name to use for it.

    What is written in full-width or look-alike letters, or with characters that nobody sees, counts as what it shows.
    """
    problems = []
    shown = _undisguised(text)
    readings = dict.fromkeys((text, shown, folded(shown)))
    if any(_has_link(reading, posts) for reading in readings):
        problems.append(f"{field}: must not contain a link")
    if any(EMAIL.search(reading) or HANDLE.search(reading) for reading in readings) or _masks(shown, {"email"}):
        problems.append(f"{field}: must not contain an e-mail address or a user name to write to")
    if _masks(shown, SECRETS) or MASKED.search(shown):
        problems.append(f"{field}: must not contain a phone number, a secret or what stands for one")
    if legible(text) != text or any(ord(character) < 32 for character in text):
        problems.append(f"{field}: must be one line of plain text")
    if directive(text):
        problems.append(f"{field}: must describe a problem, not tell a reader what to do")
    if copied_run(text, posts):
        problems.append(f"{field}: repeats {COPIED_WORDS} or more words of a single post; say it in your own words")
    return problems


def _masks(text: str, kinds: set[str]) -> bool:
    return not kinds.isdisjoint(redact(text).counts)


def _has_link(text: str, posts: Sequence[str]) -> bool:
    if LINK.search(text) or BARE_DOMAIN.search(text) or HIDDEN_DOT.search(text) or SENT_TO.search(text):
        return True
    names = {match[0].lower() for match in DOMAIN_NAME.finditer(text)}
    return bool(posts) and any(sum(name in post.lower() for post in posts) < min(2, len(posts)) for name in names)
