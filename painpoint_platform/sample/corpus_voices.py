"""How each source's people write: a draft as GitHub issue, Stack Overflow question, Reddit post or Hacker News story.

Belongs here: Markdown, HTML, issue forms, greetings, quotes, signatures and "edit:" trails.
Does not belong here: what is said (``corpus_posts``).
"""

import html
import re
from collections.abc import Callable
from random import Random
from string import Template

from painpoint_platform.sample.corpus_posts import VOICES, Draft

_FORMS = tuple(Template(form.strip()) for form in VOICES["github_forms"].values())
_BLANK_LINES = re.compile(r"(?: *\n){3,}")


def write_post(source: str, draft: Draft, rng: Random) -> tuple[str, str]:
    """Return title and body of ``draft`` as ``source`` would have them: Markdown or HTML, see `SampleItem`."""
    return _WRITERS[source](draft, rng)


def write_plainly(source: str, title: str, text: str) -> tuple[str, str]:
    """Return a post of bare paragraphs, which says the same on every source, letter by letter once it is cleaned."""
    if source in ("github", "reddit"):
        return title, text
    paragraphs = (html.escape(paragraph) for paragraph in text.split("\n\n"))
    return title, ("<p>".join(paragraphs) if source == "hackernews" else "".join(f"<p>{p}</p>\n" for p in paragraphs))


def _github(draft: Draft, rng: Random) -> tuple[str, str]:
    title = rng.choice(VOICES["bug_prefixes"]) + draft.title if rng.random() < 0.3 else draft.title
    if not draft.symptom:
        return title, ""
    form = rng.choice(_FORMS)
    empty = "_No response_" if "###" in form.template and rng.random() < 0.7 else ""  # GitHub's word for a blank field
    body = form.substitute(
        symptom=draft.symptom,
        context=draft.context or empty,
        attempts=draft.attempts or empty,
        consequence=f"{draft.consequence} {draft.tangent}".strip(),
        ask=draft.ask or empty,
        log=f"```{rng.choice(('shell', 'text', ''))}\n{draft.log}\n```" if draft.log else empty,
        version=rng.choice(VOICES["versions"]),
        system=rng.choice(VOICES["systems"]),
    )
    return title, _BLANK_LINES.sub("\n\n", body).strip()


def _stackoverflow(draft: Draft, rng: Random) -> tuple[str, str]:
    blocks = [f"<p>{_inline_code(html.escape(f'{draft.context} {draft.symptom}'.strip(), quote=False))}</p>"]
    if draft.log:
        blocks.append(f"<pre><code>{html.escape(draft.log, quote=False)}\n</code></pre>")
    if draft.attempts and rng.random() < 0.4:
        blocks.append(f"<p>What I have tried:</p>\n<ul>\n<li>{html.escape(draft.attempts, quote=False)}</li>\n</ul>")
    elif draft.attempts:
        blocks.append(f"<p>{html.escape(draft.attempts, quote=False)}</p>")
    closing = " ".join((draft.consequence, draft.ask, rng.choice(VOICES["stackoverflow_closers"]))).strip()
    if closing:
        blocks.append(f"<p>{html.escape(closing, quote=False)}</p>")
    return draft.title, "\n\n".join(blocks)


def _inline_code(escaped: str) -> str:
    """Mark what looks like an identifier (``lock_timeout``, ``package-lock.json``) as code."""
    return re.sub(r"\b(\w+_\w+|[\w-]+\.json)\b", r"<code>\1</code>", escaped)


def _reddit(draft: Draft, rng: Random) -> tuple[str, str]:
    title = draft.title[:1].lower() + draft.title[1:] if rng.random() < 0.2 else draft.title
    if not draft.symptom:
        return title, ""
    paragraphs = _paragraphs(draft, rng)
    if rng.random() < 0.45:
        paragraphs.insert(0, rng.choice(VOICES["reddit_openers"]))
    if rng.random() < 0.15:
        paragraphs.insert(rng.randint(1, len(paragraphs)), f"> {rng.choice(VOICES['quotes'])}")
    if draft.log and rng.random() < 0.6:
        indented = "\n".join(f"    {line}" for line in draft.log.splitlines())
        paragraphs.append(indented if rng.random() < 0.5 else f"```\n{draft.log}\n```")
    if rng.random() < 0.3:
        paragraphs.append(rng.choice(VOICES["reddit_closers"]))
    if rng.random() < 0.08:
        paragraphs.append(f"-- \n{rng.choice(VOICES['signatures'])}")
    if rng.random() < 0.12:
        paragraphs.append(rng.choice(VOICES["reddit_edits"]))
    text = "\n\n".join(paragraphs)
    text = _misspell(text, rng) if rng.random() < 0.12 else text
    return title, text.replace(" and ", " &amp; ", 1) if rng.random() < 0.1 else text


def _hackernews(draft: Draft, rng: Random) -> tuple[str, str]:
    asks = draft.title.endswith("?")
    title = f"Ask HN: {draft.title}" if asks else f"Tell HN: {draft.title}" if rng.random() < 0.4 else draft.title
    if not draft.symptom:
        return title, ""
    opener = rng.choice(VOICES["hackernews_openers"]) if rng.random() < 0.4 else ""
    closer = rng.choice(VOICES["hackernews_closers"]) if rng.random() < 0.3 else ""
    paragraphs = [html.escape(p).replace("/", "&#x2F;") for p in (opener, *_paragraphs(draft, rng), closer) if p]
    if draft.log and rng.random() < 0.3:
        paragraphs.append(f"<pre><code>{html.escape(draft.log)}\n</code></pre>")
    if rng.random() < 0.05:
        paragraphs.append(
            'See <a href="https:&#x2F;&#x2F;status.example.com&#x2F;" rel="nofollow">the status page</a>.'
        )
    return title, "<p>".join(paragraphs)


def _paragraphs(draft: Draft, rng: Random) -> list[str]:
    """Break the draft's sentences into one to three paragraphs."""
    sentences = list(draft.sentences())
    if rng.random() < 0.3:
        rng.shuffle(sentences)
    paragraphs = [sentences[0]]
    for sentence in sentences[1:]:
        if rng.random() < 0.35:
            paragraphs.append(sentence)
        else:
            paragraphs[-1] += f" {sentence}"
    return paragraphs


def _misspell(text: str, rng: Random) -> str:
    """Swap two neighbouring letters in up to three places."""
    letters = list(text)
    for _ in range(3):
        place = rng.randrange(max(1, len(letters) - 1))
        if "".join(letters[place : place + 2]).isalpha():
            letters[place : place + 2] = reversed(letters[place : place + 2])
    return "".join(letters)


_WRITERS: dict[str, Callable[[Draft, Random], tuple[str, str]]] = {
    "github": _github,
    "stackoverflow": _stackoverflow,
    "reddit": _reddit,
    "hackernews": _hackernews,
}
