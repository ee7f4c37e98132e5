"""A text as a reader of it understands it, whatever was done to hide that from a search.

Belongs here: undoing invisible characters, look-alike letters and encodings. Does not belong here: what the text then
says (``directives``), cleaning of posts (``cleaning``).
"""

import base64
import codecs
import html
import re
import unicodedata
from collections.abc import Iterator
from itertools import islice
from urllib.parse import unquote

# Letters that look like Latin ones and are none (the everyday part of Unicode's confusables, UTS 39), small capitals.
_LOOK_ALIKES = str.maketrans(
    "аеорсухіјѕһԁɡӏкмнтвԛԝοαρεικντυχηωβγσᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢıɩɑɐǝəɹʇʌʍɥɯ",
    "aeopcyxijshdglkmhtbqwoapeikvtuxnwbysabcdefghijklmnoprstuvwyziiaaeertvwhm",
)
_LEET = str.maketrans("013457@$!|", "oieastasil")
# Characters of the tag block are invisible copies of ASCII: a whole message fits between two letters.
_TAGS = {0xE0000 + code: code for code in range(0x20, 0x7F)}
_INVISIBLE = {"Cf", "Co", "Cs", "Cn"}
# Format characters that ordinary text needs: joiners of emoji and of Persian, Indic, Arabic letters; direction marks.
_ORDINARY_FORMAT = frozenset("\u200c\u200d\u200e\u200f\u00ad\ufeff")
# A run of them that no other script is next to: nobody needs it there, and it hides words from whoever looks for them.
_JOINERS_OF_ASCII = re.compile(rf"(\A|[\x00-\x7f])[{''.join(sorted(_ORDINARY_FORMAT))}]+(?=\Z|[\x00-\x7f])")
_FILLERS = dict.fromkeys(map(ord, "\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5"))

_ESCAPE = re.compile(r"\\u\{?([0-9a-fA-F]{4})\}?|\\x([0-9a-fA-F]{2})")
_PERCENT = re.compile(r"(?:%[0-9a-fA-F]{2}|%20){2}|%20")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{16,4000}={0,2}")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:(?:0x)?[0-9a-fA-F]{2}[ :,]?){12,2000}(?![0-9A-Za-z])")
_SPACED = re.compile(r"(?:(?<!\w)\w[ .\-_*·|/]{1,2}){5,400}\w(?!\w)")
_BLANKS = re.compile(r"[^\S\n]{2,}|\t")
_WORD_WITH_DIGITS = re.compile(r"[a-z@$!|][013457@$!|]|[013457@$!|][a-z]")
# What the words of an order become in rot13 and backwards; without one of them the text is not worth turning.
_ROT13 = re.compile(r"(?i)vafgehpg|vtaber|pngrtbel|pnabavpny|cebzcg|qvfertneq|gvgyr|ynory")
_BACKWARDS = re.compile(r"(?i)tcurtsni|erongi|yrogetac|lacinonac|tpmorp|dragersid|eltit|lebal")
_MOST_RUNS = 20


def legible(text: str) -> str:
    """Return the text without characters that nobody sees: controls, tags, zero-width ones, bidi overrides.

    Joiners and direction marks stay where their neighbours are not ASCII (emoji and many scripts need them). A text
    without any of these comes back as it is.
    """
    if text.isascii() and text.isprintable():
        return text
    kept = []
    for character in text:
        if character in "\n\t " or character.isprintable() or character in _ORDINARY_FORMAT:
            kept.append(character)
        elif unicodedata.category(character) == "Cc":
            kept.append(" ")
    return _JOINERS_OF_ASCII.sub(r"\1", "".join(kept).translate(_FILLERS))


def readings(text: str) -> Iterator[str]:
    """Yield the text as it can be read: lower-case and undisguised first, then what is encoded in it.

    Yields each reading once. Linear in the length of the text.
    """
    plain = _plain(text)
    seen: set[str] = set()
    for reading in (plain, *_other_readings(text, plain)):
        if reading not in seen:
            seen.add(reading)
            yield reading


def folded(text: str) -> str:
    """Return lower-case text with look-alikes of Latin letters made Latin and accents gone."""
    if text.isascii():
        return text.lower()
    letters = unicodedata.normalize("NFD", text.lower().translate(_LOOK_ALIKES))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _plain(text: str) -> str:
    shown = text.translate(_TAGS) if not text.isascii() else text
    shown = "".join(
        character for character in shown if character in "\n\t" or unicodedata.category(character) not in _INVISIBLE
    ) if not shown.isascii() else shown  # fmt: skip
    if "\\" in shown:
        shown = _ESCAPE.sub(lambda match: chr(int(match[1] or match[2], 16)), shown)
    if _PERCENT.search(shown):
        shown = unquote(shown)
    if "&" in shown:
        shown = html.unescape(shown)
    return _BLANKS.sub(" ", unicodedata.normalize("NFKC", shown.translate(_FILLERS)).lower())


def _other_readings(text: str, plain: str) -> Iterator[str]:
    latin = folded(plain)
    yield latin
    if _WORD_WITH_DIGITS.search(latin):
        yield latin.translate(_LEET)
    if _SPACED.search(latin):
        yield _SPACED.sub(lambda match: re.sub(r"[^\w]|_", "", match[0]), latin)
    if _ROT13.search(latin):
        yield codecs.encode(latin, "rot13")
    if _BACKWARDS.search(latin):
        yield latin[::-1]
    yield from _decoded(text)


def _decoded(text: str) -> Iterator[str]:
    for match in islice(_BASE64.finditer(text), _MOST_RUNS):
        digits = match[0].rstrip("=")
        yield from _if_text(_base64_bytes(digits))
    for match in islice(_HEX.finditer(text), _MOST_RUNS):
        digits = re.sub(r"0x|[ :,]", "", match[0])
        yield from _if_text(bytes.fromhex(digits[: len(digits) // 2 * 2]))


def _base64_bytes(digits: str) -> bytes:
    # A lone last digit carries no byte; a cut-off run is decoded as far as it goes.
    whole = digits[: len(digits) - (len(digits) % 4 == 1)]
    return base64.urlsafe_b64decode(whole.replace("+", "-").replace("/", "_") + "=" * (-len(whole) % 4))


def _if_text(decoded: bytes) -> Iterator[str]:
    """The bytes as lower-case text, where they are one: a hash or an image is not."""
    text = decoded.decode("utf-8", "replace").rstrip("\ufffd")
    if text and sum(map(str.isprintable, text)) >= 0.9 * len(text) and "\ufffd" not in text:
        yield text.lower()
