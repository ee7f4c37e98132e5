"""What ``clean_body`` keeps and drops, source by source, and that no input is too much for it."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from painpoint_platform.text.cleaning import MAX_INPUT_CHARS, clean_body

SOURCES = ("github", "stackoverflow", "reddit", "hackernews", "earnings_calls", "file", "elsewhere")
MARKDOWN_SOURCES = ("github", "reddit", "elsewhere")

ISSUE_FORM = """\
### Website or app

N/A

### Steps to reproduce

1. Open the **settings** page
2. Click on `Save`

### How often does this bug happen?

Every time

### OS version

Linux Ubuntu 22.04

### What did you expect to happen?

The settings are [kept](https://example.com/docs) after a restart.
![shot](https://example.com/a.png)

<!-- Please search existing issues first -->

### Relevant log output

```shell
2024-01-01 10:00:00 secret fence
```

### Error stack (automated)

_No response_

- [X] I have searched the existing issues
- [ ] I am willing to send a fix
"""


def test_an_issue_form_leaves_only_what_the_reporter_wrote():
    assert clean_body(ISSUE_FORM, "github").split("\n\n") == [
        "Open the settings page",
        "Click on",
        "The settings are kept after a restart.",
    ]


def test_a_bold_template_question_is_treated_like_a_heading():
    body = "**Describe the bug**\nThe export hangs at 99 %.\n\n**Expected behavior**\nIt ends.\n\n**Context**\nNone"
    assert clean_body(body, "github") == "The export hangs at 99 %.\n\nIt ends."


def test_a_heading_that_says_something_is_kept():
    assert clean_body("## Export hangs on large files\n\nSince 2.1.", "github").startswith(
        "Export hangs on large files"
    )


@pytest.mark.parametrize(
    "line",
    [
        "I get an error when I save, and the error: message is empty.",
        "Error handling in the importer is broken",
        "At least 3 users (me included) lost data",
        "At work (Berlin) it fails, at home it does not",
        "Info about the crash is missing from the docs",
        "10:30 is when the job starts and it never ends",
        "File uploads over 2 GB fail",
        "from what I can tell the cache is stale",
        "Caused by the last update, I think",
        "It fails at startup.",
    ],
)
def test_prose_about_errors_is_no_log_line(line):
    for source in SOURCES:
        assert clean_body(line, source) == line


@pytest.mark.parametrize(
    "line",
    [
        "2024-05-01T10:00:00Z connection refused",
        "[2024-05-01 10:00:00,123] worker died",
        "May  1 10:00:00 host sshd[12]: closed",
        "10:00:00.123 main - started",
        "ERROR: build failed with code 1",
        "[WARN] deprecated option",
        "WARNING  (main) low memory",
        "npm ERR! code ELIFECYCLE",
        "    at Object.<anonymous> (/srv/app/index.js:20:28)",
        "at com.example.App.run(App.java:12)",
        "at Foo.Bar(String x) in C:\\src\\Foo.cs:line 5",
        "at node:internal/modules/cjs/loader:1196:14",
        "emit@moz-extension://abc/build/main.js:27059:22",
        'File "/srv/app.py", line 12, in main',
        "Traceback (most recent call last):",
        "goroutine 1 [running]:",
        "#0  0x00007f in raise () from /lib/libc.so",
        "Caused by: java.lang.NullPointerException: x",
        "... 12 more",
        "E/AndroidRuntime(1234): FATAL",
    ],
)
def test_a_line_with_the_shape_of_a_log_line_goes(line):
    body = f"The worker stops every night.\n{line}\nNothing helps."
    assert clean_body(body, "github") == "The worker stops every night. Nothing helps."


def test_of_a_python_traceback_only_the_exception_stays():
    trace = 'Traceback (most recent call last):\nFile "a.py", line 1, in <module>\n    raise E\nValueError: bad unit'
    body = f"Fails:\n{trace}"
    assert clean_body(body, "github") == "Fails: ValueError: bad unit"


def test_what_was_said_in_a_call_is_neither_markup_nor_mail():
    body = (
        "1. What about *organic* growth in R&D_EMEA?\n-- right, and\n\n> 5% is the bar, edit: \nedit: 6%\n\n-- thanks"
    )
    said = "1. What about *organic* growth in R&D_EMEA? -- right, and\n\n> 5% is the bar, edit: edit: 6%\n\n-- thanks"
    assert clean_body(body, "earnings_calls") == said


@pytest.mark.parametrize("source", MARKDOWN_SOURCES)
@pytest.mark.parametrize(
    "code",
    [
        "```python\nzebra()\n```",
        "~~~\nzebra()\n~~~",
        "````\n```\nzebra()\n```\n````",
        "```\nzebra() never closed",
        "    zebra()",
        "- item\n\n      zebra()",
        "> ```\n> zebra()\n> ```",
        "<pre><code>zebra()</code></pre>",
        "| a | b |\n|---|---|\n| zebra | 1 |",
        "<!-- zebra\n\nzebra -->",
        "![zebra](https://example.com/zebra.png)",
        "> quoted zebra\nlazy zebra",
    ],
)
def test_code_quotes_tables_comments_and_images_do_not_survive(source, code):
    cleaned = clean_body(f"Before it.\n\n{code}", source)
    assert "zebra" not in cleaned
    assert cleaned.startswith("Before it.")


def test_github_loses_inline_code_and_reddit_keeps_it():
    body = "Calling `save()` twice **always** fails"
    assert clean_body(body, "github") == "Calling twice always fails"
    assert clean_body(body, "reddit") == "Calling save() twice always fails"


def test_stackoverflow_html_becomes_prose():
    body = (
        "<p>I use <code>df</code> in pandas &amp; it &lt;sometimes&gt; fails:</p>\n<pre><code>import x</code></pre>"
        "<blockquote><p>cited docs</p></blockquote><ul><li>one way</li><li>other<br>way</li></ul>"
        '<p>See <a href="https://example.com/x">this answer</a>.</p><script>alert(1)</script>'
    )
    assert clean_body(body, "stackoverflow").split("\n\n") == [
        "I use in pandas & it <sometimes> fails:",
        "one way",
        "other way",
        "See this answer.",
    ]


def test_hackernews_quotes_and_shown_links_go():
    body = (
        "&gt; You can just self-host<p>That is <i>not</i> an answer. "
        '<a href="https:&#x2F;&#x2F;example.com&#x2F;a">https:&#x2F;&#x2F;example.com&#x2F;a</a><p>It breaks weekly.'
    )
    assert clean_body(body, "hackernews") == "That is not an answer.\n\nIt breaks weekly."


@pytest.mark.parametrize(
    ("body", "cleaned"),
    [
        ("My backup fails.\n\nEDIT: thanks all!\nsolved", "My backup fails."),
        ("My backup fails.\n\n**Edit 2:** still", "My backup fails."),
        ("My backup fails.\nedit (typo): still\n\nHelp?", "My backup fails.\n\nHelp?"),
        ("My backup fails.\n\n-- \nJane Doe\nACME", "My backup fails."),
        ("My backup fails.\n---\nJane", "My backup fails."),
        ("My backup fails.\n\n---\n\nJane", "My backup fails."),
        ("My backup fails.\n-- Jane", "My backup fails."),
        ("My backup fails.\n\nSent from my iPhone", "My backup fails."),
        ("My backup fails. Write to jane.doe+x@example.co.uk please.", "My backup fails. Write to please."),
        ("&gt; quoted\n\nMy backup fails.", "My backup fails."),
        (">! spoiler !< ends it", "spoiler ends it"),
        ("On Mon, 1 Jan 2024, Jane wrote:\n> old\n\nMy backup fails.", "My backup fails."),
        ("I editorialise: my backup fails.", "I editorialise: my backup fails."),
        ("Editing works\n\nEditor crashes", "Editing works\n\nEditor crashes"),
    ],
)
def test_reddit_loses_quotes_signatures_edit_trails_and_addresses(body, cleaned):
    assert clean_body(body, "reddit") == cleaned


def test_a_long_section_below_a_rule_is_no_signature():
    section = "The second problem is worse than the first one, and it costs us an hour a day. " * 6
    assert clean_body(f"First problem.\n\n---\n\n{section}", "reddit").endswith(section.strip())


@pytest.mark.parametrize("source", SOURCES)
def test_odd_input_has_a_result(source):
    assert clean_body("", source) == ""
    assert clean_body(" \n\t\r\n", source) == ""
    assert clean_body("```", source) in ("", "```")
    assert clean_body("\x00\x01saving\x00fails\ufeff", source) == "saving fails"
    assert clean_body("saving \ud800fails", source) == "saving fails"
    assert clean_body("שמירה נכשלת", source) == "שמירה נכשלת"
    assert clean_body("保存に失敗します", source) == "保存に失敗します"
    assert clean_body("😀😀", source) == ""


def test_a_paragraph_of_brackets_is_not_searched_for_links():
    assert clean_body("see [the docs](/x)", "github") == "see the docs"
    assert "(/x)" in clean_body("[" * 60 + "see [the docs](/x)", "github")


ADVERSARIAL = {
    "brackets": "[", "images": "![", "quotes": ">", "spaced quotes": "> ", "backticks": "`", "stars": "*",
    "emphasis": "_a*b~~", "divs": "<div>", "folded": "<details><summary>a</summary>\n\n", "angles": "<",
    "links": "[a](",
    "cells": "|a", "rows": "|a|b|\n|-|-|\n", "lists": "- ", "numbers": "1. a\n", "bold": "**a**\n", "entities": "&amp",
    "backslashes": "\\", "addresses": "a.", "ats": "a@", "schemes": "http://", "frames": "at a(\n", "rules": "--\n",
    "comments": "<!--", "nul": "\0", "surrogates": "\ud800", "bracketed paragraphs": "[[[[[[[[\n\n", "blank": " \n",
    "attributes": '<a b="', "font": "<font size=1>", "paren": "( ",
}  # fmt: skip


def seconds(text, source):
    start = time.process_time()
    clean_body(text, source)
    return time.process_time() - start


@pytest.mark.parametrize("unit", ADVERSARIAL.values(), ids=ADVERSARIAL.keys())
def test_a_megabyte_costs_no_more_than_the_bound_allows(unit):
    # 50 times the text in 50 times the time would be linear; the bound on what is read makes it less.
    for source in ("github", "stackoverflow", "reddit", "hackernews"):
        small = unit * (MAX_INPUT_CHARS // len(unit))
        large = unit * (1_000_000 // len(unit))
        # A collection of garbage in one of three tries is not the cleaner's.
        assert any(seconds(large, source) < min(2.0, 10 * seconds(small, source) + 0.25) for _ in range(3))


@pytest.mark.parametrize("unit", ADVERSARIAL.values(), ids=ADVERSARIAL.keys())
def test_below_the_bound_the_time_grows_no_faster_than_the_text(unit):
    small, large = unit * (2_000 // len(unit)), unit * (MAX_INPUT_CHARS // len(unit))
    # Ten times the text; a quadratic corner takes a hundred times as long.
    assert any(seconds(large, "github") < 30 * seconds(small, "github") + 0.05 for _ in range(3))


@given(st.text(alphabet=st.characters(codec=None), max_size=400), st.sampled_from(SOURCES))
def test_every_string_has_a_short_tidy_result(text, source):
    cleaned = clean_body(text, source)
    assert len(cleaned) <= len(text) + 8
    assert cleaned == "\n\n".join(" ".join(part.split()) for part in cleaned.split("\n\n"))
    cleaned.encode("utf-8")


MARKUP_PIECES = (
    "> ", "```\n", "`", "**", "_", "[", "](", ")", "![", "<b>", "</b>", "<!--", "-->", "<pre>", "\n", "\n\n", "    ",
    "- ", "1. ", "# ", "|", "---\n", "&gt;", "<div>", "</div>", "edit: ",
    "words here ", "at x(y:1:2)\n", "ERROR: ", "-- \n",
)  # fmt: skip
MARKUP = st.lists(st.sampled_from(MARKUP_PIECES), max_size=40).map("".join)


@settings(max_examples=300)
@given(MARKUP, st.sampled_from(SOURCES))
def test_any_heap_of_markup_has_a_short_tidy_result(text, source):
    cleaned = clean_body(text, source)
    assert len(cleaned) <= len(text) + 8
    assert cleaned == "\n\n".join(" ".join(part.split()) for part in cleaned.split("\n\n"))


@given(
    st.lists(st.text(alphabet="abcdefghij ,.", min_size=1, max_size=60).filter(str.strip), min_size=1, max_size=5),
    st.sampled_from(("elsewhere", "hackernews", "reddit", "stackoverflow")),
)
def test_cleaning_clean_prose_changes_nothing(paragraphs, source):
    once = clean_body("\n\n".join(paragraphs), source)
    assert clean_body(once, source) == once


@given(st.text(alphabet="abc \n`*_", max_size=80), st.sampled_from(MARKDOWN_SOURCES))
def test_what_stands_in_a_fence_never_survives(text, source):
    code = text.replace("`", "")
    assert "zebra" not in clean_body(f"Intro.\n\n```\nzebra {code}\nzebra\n```\n\nOutro.", source)
    assert clean_body(f"Intro.\n\n```\n{code}\n```\n\nOutro.", source) == "Intro.\n\nOutro."
