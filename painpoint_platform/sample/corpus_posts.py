"""What one post about a problem says, before it is written in a source's manner.

Belongs here: choosing sentences from a problem's wording, logs and stack traces around its error messages.
Does not belong here: Markdown and HTML (``corpus_voices``), how many posts there are (``corpus``).
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from painpoint_platform.sample.corpus_phrases import Phrase, parse_phrases, speak
from painpoint_platform.sample.corpus_problems import Problem, read_data

VOICES: dict[str, Any] = read_data("voices.toml")
_VAGUE_TITLES = parse_phrases(VOICES["vague_titles"])
_PRODUCT_MENTIONS = parse_phrases(VOICES["product_mentions"])


@dataclass(frozen=True, slots=True)
class Draft:
    """The parts of a post; any but the title and the symptom may be empty. ``log`` is code or machine output."""

    title: str
    symptom: str
    context: str = ""
    attempts: str = ""
    consequence: str = ""
    ask: str = ""
    log: str = ""
    tangent: str = ""

    def sentences(self) -> tuple[str, ...]:
        """Return the prose parts that say something, in reading order."""
        parts = (self.context, self.symptom, self.attempts, self.consequence, self.tangent, self.ask)
        return tuple(part for part in parts if part)


def compose(problem: Problem, product: str, rng: Random, *, insist_on_product: bool = False) -> Draft:
    """Choose what a post about ``problem`` says.

    A tenth of the titles says nothing ("Anyone else?"), and many posts leave parts out, as real ones do. With
    ``insist_on_product`` the product is named in every post.
    """
    wording = problem.wording

    def some(phrases: tuple[Phrase, ...], chance: float) -> str:
        return speak(rng.choice(phrases), rng, product) if phrases and rng.random() < chance else ""

    title = speak(rng.choice(_VAGUE_TITLES if rng.random() < 0.1 else wording.titles), rng, product)
    symptoms = rng.sample(wording.symptoms, 1 if rng.random() < 0.65 else 2)
    context = some(wording.contexts, 0.6)
    if insist_on_product or rng.random() < 0.35:
        context = f"{speak(rng.choice(_PRODUCT_MENTIONS), rng, product)} {context}".strip()
    ask = some(wording.would_pay, 0.3) or some(wording.asks, 0.55)
    return Draft(
        title=title,
        symptom=" ".join(speak(symptom, rng, product) for symptom in symptoms),
        context=context,
        attempts=some(wording.attempts, 0.5),
        consequence=some(wording.consequences, 0.5),
        ask=ask,
        log=_machine_text(problem, product, rng),
        tangent=rng.choice(VOICES["tangents"]) if rng.random() < 0.12 else "",
    )


def shorten(draft: Draft, rng: Random) -> Draft:
    """Return the draft as somebody in a hurry posts it: the title alone, or with the symptom."""
    kept = "" if rng.random() < 0.4 else draft.symptom
    return Draft(title=draft.title, symptom=kept)


def lengthen(draft: Draft, rng: Random, *, lines: int) -> Draft:
    """Return the draft with a log of ``lines`` lines pasted in."""
    error = draft.log.strip().splitlines()[-1] if draft.log else "operation failed, retrying"
    return replace(draft, log="\n".join(_log_lines(error, rng, lines)))


def _machine_text(problem: Problem, product: str, rng: Random) -> str:
    wording = problem.wording
    if wording.snippets and rng.random() < 0.3:
        return rng.choice(wording.snippets).strip("\n")
    if not wording.errors or rng.random() < 0.45:
        return ""
    error = rng.choice(wording.errors)
    manner = rng.random()
    if manner < 0.4:
        return "\n".join(_log_lines(error, rng, rng.randint(3, 9)))
    if manner < 0.75:
        return _stack_trace(error, product, rng)
    return error


def _log_lines(error: str, rng: Random, count: int) -> list[str]:
    """Return ``count`` lines of a log in which every fifth and the last one is ``error``."""
    moment = datetime(2025, 1, rng.randint(5, 8), rng.randrange(24), tzinfo=UTC)
    lines = []
    for number in range(1, count + 1):
        moment += timedelta(milliseconds=rng.randrange(5, 4_000))
        failed = number % 5 == 0 or number == count
        level = "ERROR" if failed else rng.choice(("INFO ", "DEBUG", "WARN "))
        text = error if failed else f"request {rng.getrandbits(32):08x} took {rng.randrange(9, 900)} ms"
        lines.append(
            f"{moment:%Y-%m-%d %H:%M:%S},{moment.microsecond // 1000:03d} {level} [worker-{number % 7}] {text}"
        )
    return lines


def _stack_trace(error: str, product: str, rng: Random) -> str:
    module = product.split(maxsplit=1)[0].lower()
    if rng.random() < 0.5:
        frames = "\n".join(
            f'  File "/srv/{module}/{name}.py", line {rng.randint(12, 900)}, in {call}\n    {call}(*args)'
            for name, call in (("main", "run"), ("jobs", "execute"), ("client", "send"))
        )
        return f"Traceback (most recent call last):\n{frames}\n{error}"
    frames = "\n".join(
        f"    at {call} (/app/node_modules/{module}/dist/{name}.js:{rng.randint(10, 2000)}:{rng.randint(2, 40)})"
        for name, call in (("index", "Object.run"), ("queue", "async Queue.next"), ("client", "Client.request"))
    )
    return f"{error}\n{frames}"
