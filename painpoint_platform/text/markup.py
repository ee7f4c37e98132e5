"""Markdown, HTML and plain text to paragraphs of lines, by parsing.

Belongs here: reading markup and leaving out what is no prose by its markup alone (code, quotes, images, comments).
Does not belong here: rules about what a line says (``logs``, ``issue_forms``, ``cleaning``).

Both parsers have costly corners: a table whose rows are far shorter than its header, thousands of brackets, hundreds of
thousands of nested elements. Callers hand over a bounded text (``cleaning.MAX_INPUT_CHARS``), and what is dear even
below that bound is shut off here (``_MAX_BRACKETS``, ``_MAX_NESTING``, ``_skip_table``).
"""

import re
from functools import cache
from typing import Any, Literal, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token
from selectolax.lexbor import LexborHTMLParser

_MAX_NESTING = 20  # quotes in lists in quotes; deeper text is a plain paragraph, and recursion goes no deeper
_MAX_BRACKETS = 50  # in one paragraph; each open bracket costs a search for its end, 15 µs, and thousands are no links

_NOT_PROSE = [
    "pre", "code", "blockquote", "summary", "script", "style", "svg", "template", "head", "textarea", "select",
]  # fmt: skip
_BLOCKS = "p,div,li,ul,ol,dl,dt,dd,h1,h2,h3,h4,h5,h6,hr,tr,table,section,article,pre,blockquote,details"
# Separators that no input contains, because control characters are removed from it.
_PARAGRAPH_MARK, _LINE_MARK = "\x1e", "\x1f"

_MARKDOWN_HINT = re.compile(
    r"[`*_\[\]<>#~|&\\]|^(?: {4}|\t|\s{0,3}(?:[-+]|\d{1,9}[.)])\s|\s{0,3}[-=]{2,}\s*$)", re.MULTILINE
)
_INLINE_HINT = re.compile(r"[`*_\[<!&\\~]")
_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
_ONLY_TAGS = re.compile(r"\s*(?:<[^<>]*>\s*)*")
_DELIMITER_ROW = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*")
_CODE_TAG = re.compile(r"<(/?)(?:code|pre|kbd|script|style)\b", re.IGNORECASE)

Kind = Literal["prose", "heading", "rule"]


class Paragraph(NamedTuple):
    """A block of text and what kind of block it was. ``lines`` are not stripped; a rule (``---``) has none."""

    kind: Kind
    lines: list[str]


def plain_paragraphs(text: str) -> list[Paragraph]:
    """Split text without markup at its blank lines."""
    return [Paragraph("prose", block.split("\n")) for block in _BLANK_LINES.split(text)]


def html_paragraphs(text: str) -> list[Paragraph]:
    """Read an HTML fragment. Code, quotes, scripts and summaries of folded sections are left out."""
    if "<" not in text and "&" not in text:
        return plain_paragraphs(text)
    tree = LexborHTMLParser(text)
    body = tree.body
    if body is None:
        return []
    for node in body.css(_BLOCKS):
        node.insert_before(_PARAGRAPH_MARK)
        node.insert_after(_PARAGRAPH_MARK)
    for node in body.css("br"):
        node.insert_before(_LINE_MARK)
    body.strip_tags(_NOT_PROSE)
    blocks = body.text(separator="").split(_PARAGRAPH_MARK)
    return [paragraph for block in blocks for paragraph in plain_paragraphs(block.replace(_LINE_MARK, "\n"))]


def markdown_paragraphs(text: str, *, keep_inline_code: bool = False) -> list[Paragraph]:
    """Read GitHub-flavoured Markdown. Code blocks, quotes, tables, images and comments are left out.

    A link leaves its text. Tables hold system information and measurements, hardly ever the description of a problem.

    A line that is bold from end to end counts as a heading, as issue templates use it for one.
    """
    if not _MARKDOWN_HINT.search(text):
        return plain_paragraphs(text)
    paragraphs: list[Paragraph] = []
    quote_depth = 0
    env: dict[str, Any] = {}
    tokens = _block_parser().parse(text, env)
    for index, token in enumerate(tokens):
        if token.tag == "blockquote":
            quote_depth += token.nesting
        elif quote_depth:
            continue
        elif token.type == "inline":
            lines = _inline_lines(token.content, env, keep_inline_code=keep_inline_code)
            paragraphs.extend(_with_bold_headings(lines, is_heading=tokens[index - 1].type == "heading_open"))
        elif token.type == "html_block" and not _ONLY_TAGS.fullmatch(token.content):
            paragraphs.extend(html_paragraphs(token.content))
        elif token.type == "hr":
            paragraphs.append(Paragraph("rule", []))
    return paragraphs


class _Line(NamedTuple):
    text: str
    is_bold: bool


def _with_bold_headings(lines: list[_Line], *, is_heading: bool) -> list[Paragraph]:
    if is_heading:
        return [Paragraph("heading", [line.text for line in lines])]
    paragraphs: list[Paragraph] = []
    for line in lines:
        if line.is_bold:
            paragraphs.append(Paragraph("heading", [line.text]))
        elif paragraphs and paragraphs[-1].kind == "prose":
            paragraphs[-1].lines.append(line.text)
        else:
            paragraphs.append(Paragraph("prose", [line.text]))
    return paragraphs


def _inline_lines(content: str, env: dict[str, Any], *, keep_inline_code: bool) -> list[_Line]:
    if not _INLINE_HINT.search(content):
        return [_Line(line, False) for line in content.split("\n")]
    if content.count("[") > _MAX_BRACKETS:
        content = content.replace("[", " ")
    writer = _LineWriter(keep_inline_code)
    parser = _inline_parser()
    tokens: list[Token] = []
    parser.inline.parse(content, parser, env, tokens)
    for token in tokens:
        writer.add(token)
    return writer.finish()


class _LineWriter:
    """Collects the lines of one paragraph from its inline tokens."""

    def __init__(self, keep_inline_code: bool) -> None:
        self._keep_inline_code = keep_inline_code
        self._lines: list[_Line] = []
        self._parts: list[str] = []
        self._bold_depth = 0
        self._code_depth = 0
        self._has_bold = self._has_plain = False

    def add(self, token: Token) -> None:
        match token.type:
            case "hardbreak":
                self._end_line()
            case "strong_open" | "strong_close":
                self._bold_depth += token.nesting
            case "html_inline":
                self._add_tag(token.content)
            case "code_inline":
                self._add_text(token.content if self._keep_inline_code else " ")
            case "image":
                pass
            case _:
                self._add_text(token.content)

    def finish(self) -> list[_Line]:
        self._end_line()
        return self._lines

    def _add_tag(self, tag: str) -> None:
        code = _CODE_TAG.match(tag)
        if code:
            self._code_depth = max(0, self._code_depth + (-1 if code[1] else 1))
        elif tag[:3].lower() == "<br":
            self._end_line()

    def _add_text(self, text: str) -> None:
        if self._code_depth:
            return
        for number, part in enumerate(text.split("\n")):
            if number:
                self._end_line()
            self._parts.append(part)
            if part.strip(" :"):
                self._has_bold |= self._bold_depth > 0
                self._has_plain |= self._bold_depth == 0

    def _end_line(self) -> None:
        self._lines.append(_Line("".join(self._parts), self._has_bold and not self._has_plain))
        self._parts = []
        self._has_bold = self._has_plain = False


@cache
def _block_parser() -> MarkdownIt:
    # Setext headings are off: "text" over "---" is far more often a signature or a rule.
    parser = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING}).disable("lheading")
    parser.core.ruler.enableOnly(["normalize", "block"])
    parser.block.ruler.before("paragraph", "skip_table", _skip_table, {"alt": ["paragraph", "reference"]})
    return parser


def _skip_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Block rule: step over a GFM table (https://github.github.com/gfm/#tables-extension-) without making its cells.

    markdown-it's own rule fills short rows up to the header's width, which costs seconds on a hostile table.
    """
    if start + 2 > end or state.sCount[start + 1] < state.blkIndent:
        return False
    header, delimiters = _line(state, start), _line(state, start + 1)
    if "|" not in header or not ("|" in delimiters and _DELIMITER_ROW.fullmatch(delimiters)):
        return False
    if silent:
        return True
    line = start + 2
    while line < end and state.sCount[line] >= state.blkIndent and "|" in _line(state, line):
        line += 1
    state.line = line
    return True


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


@cache
def _inline_parser() -> MarkdownIt:
    # The newline rule is off because it eats the indentation by which source lines in a traceback are told from prose.
    return MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING}).enable("strikethrough").disable("newline")
