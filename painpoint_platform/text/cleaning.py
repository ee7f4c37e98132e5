"""The prose of a post: what its author says about the problem, without code, logs, quotes and habits of mail.

Belongs here: ``clean_body`` and the rules for lines that hold for one source or for all. Does not belong here: parsing
(``markup``), the shapes of log lines (``logs``), GitHub's forms (``issue_forms``), masking of secrets (``redaction``).
"""

import html
import re
from collections.abc import Iterable

from painpoint_platform.text.issue_forms import without_form_boilerplate
from painpoint_platform.text.logs import without_log_lines
from painpoint_platform.text.markup import Paragraph, html_paragraphs, markdown_paragraphs, plain_paragraphs

MAX_INPUT_CHARS = 20_000
"""Only this much of a post is read. The encoder sees 256 tokens, about 1,200 characters of prose, and the bound is what
makes every input, however hostile, cost no more than a constant."""

# C0 and C1 control characters but tab and line feed, and the zero-width characters that editors leave behind.
_INVISIBLE = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160)), " ") | dict.fromkeys(
    (0x200B, 0x200C, 0x2060, 0xFEFF, 0x00AD)
)
_NEEDS_TRANSLATION = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200c\u2060\ufeff\xad]")
_URL = re.compile(r"<?\bhttps?://[^\s<>()\[\]]+>?", re.IGNORECASE)
_EMPTY_BRACKETS = re.compile(r"(?<!\w)(?:\([\s,;:]*\)|\[[\s,;:]*\])")
_STRAY_SPACE = re.compile(r" (?=[.,;!?)](?:\s|$))")  # what removed code leaves before a full stop
# The look-behind pins a match to the start of a run of address characters: without it every character is a start.
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_MAIL_REPLY = re.compile(r"(?:on .{4,100} wrote|am .{4,100} schrieb .{1,60}|le .{4,100} a écrit) ?:$", re.IGNORECASE)
_EDIT = re.compile(r"\W{0,4}edit(?:ed)?\s{0,2}(?:#?\d{1,2}|\([^()]{0,40}\))?\s{0,2}[:\-–—]", re.IGNORECASE)
_DEVICE_SIGNATURE = re.compile(
    r"(?:sent (?:from|via|with) (?:my|the)?|get outlook for|envoyé de mon|enviado desde mi|von meinem)\s?.{0,60}$",
    re.IGNORECASE,
)
_SIGNATURE_MARK = re.compile(r"(?:-{2,}|_{3,}|—)\s*$")
_SIGNED_NAME = re.compile(r"(?:--|—)\s?\w.{0,40}$")
_SIGNATURE_LINES, _SIGNATURE_CHARS = 5, 250


def clean_body(text: str, source: str) -> str:
    """Return the prose of a post as paragraphs of single-spaced words, parted by one empty line; "" when there is none.

    Total: any string has a result, in time linear in its length (``MAX_INPUT_CHARS`` are read). Removed everywhere:
    code blocks, block quotes, tables, images, HTML comments, log lines, URLs and e-mail addresses, control characters.

    Args:
        text: the body as the source sent it: Markdown (github, reddit), HTML (stackoverflow, hackernews) or plain text
            (earnings_calls).
        source: ``github`` also loses inline code and issue-form boilerplate, ``stackoverflow`` inline code, ``reddit``
            and ``hackernews`` quoted lines, signatures and "edit:" trails; what was said in ``earnings_calls`` has
            neither markup nor these habits: a dash there is a pause. A ``file`` of anyone's may hold Markdown, HTML or
            neither: markup and forms go, inline code stays. Any other name: Markdown, and the rules of reddit.
    """
    text = _readable(text)
    if not text:
        return ""
    if source in ("github", "file"):
        return _prose(without_form_boilerplate(markdown_paragraphs(text, keep_inline_code=source == "file")))
    if source == "stackoverflow":
        return _prose(html_paragraphs(text))
    if source == "hackernews":
        return _prose(_without_mail_habits(html_paragraphs(text)))
    if source == "earnings_calls":
        return _prose(plain_paragraphs(text))
    # Reddit escapes ">" and "&" unless asked not to, and writes spoilers as >!…!<, which are no quotes.
    if "&" in text:
        text = html.unescape(text)
    text = text.replace(">!", " ").replace("!<", " ")
    return _prose(_without_mail_habits(markdown_paragraphs(text, keep_inline_code=True)))


def _readable(text: str) -> str:
    text = text[:MAX_INPUT_CHARS]
    if not text.isascii():
        text = text.encode("utf-8", "ignore").decode("utf-8")  # lone surrogates are no text, and no parser takes them
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0b", "\n").replace("\x0c", "\n")
    if _NEEDS_TRANSLATION.search(text):
        text = text.translate(_INVISIBLE)
    return text.strip("\n")


def _prose(paragraphs: Iterable[Paragraph]) -> str:
    cleaned = []
    for paragraph in paragraphs:
        words = " ".join(without_log_lines(paragraph.lines))
        if "://" in words:
            words = _URL.sub(" ", words)
        if "@" in words:
            words = _EMAIL.sub(" ", words)
        words = _STRAY_SPACE.sub("", " ".join(_EMPTY_BRACKETS.sub(" ", words).split()))
        if any(map(str.isalpha, words)):
            cleaned.append(words)
    return "\n\n".join(cleaned)


def _without_mail_habits(paragraphs: list[Paragraph]) -> list[Paragraph]:
    kept = []
    for paragraph in paragraphs:
        if paragraph.kind == "rule":
            kept.append(Paragraph("prose", ["---"]))
            continue
        lines = []
        for line in paragraph.lines:
            bare = line.strip()
            if _EDIT.match(bare):
                break  # the trail runs to the end of its paragraph
            if bare.startswith(">") or _DEVICE_SIGNATURE.match(bare) or _MAIL_REPLY.match(bare):
                continue
            lines.append(bare)
        if lines:
            kept.append(Paragraph(paragraph.kind, lines))
    return _without_signature(kept)


def _without_signature(paragraphs: list[Paragraph]) -> list[Paragraph]:
    """Cut a short tail below the last ``--`` or ``---``; a long tail is a section below a rule and stays."""
    flat = [(number, line) for number, paragraph in enumerate(paragraphs) for line in paragraph.lines if line]
    tail_chars = 0
    for tail_lines, (number, line) in enumerate(reversed(flat[1:])):
        if tail_lines > _SIGNATURE_LINES or tail_chars > _SIGNATURE_CHARS:
            break
        if _SIGNATURE_MARK.match(line) or (tail_lines == 0 and _SIGNED_NAME.match(line)):
            position = paragraphs[number].lines.index(line)
            return [*paragraphs[:number], Paragraph(paragraphs[number].kind, paragraphs[number].lines[:position])]
        tail_chars += len(line)
    return paragraphs
