"""What a report of a variable is made of, and the tables that those of all kinds share.

Belongs here: sections, tables, how figures are written, the gates, the data, how the model was made. Does not belong
here: what only models of numbers (``number_sections``) or of paths (``path_sections``) have, the page (``report``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from painpoint_platform.pages.page import UNKNOWN, duration
from painpoint_platform.perception.learning.search import SearchResult
from painpoint_platform.perception.measuring.bootstrap import ConfidenceInterval
from painpoint_platform.perception.measuring.gates import Check
from painpoint_platform.perception.reporting.plots import Picture

PARTS = {"tune": "tuning", "test": "test"}
INTERVAL_NOTE = "Below a figure: 95 % of resamples with authors drawn whole."
LENGTH_NOTE = "SHORT texts have at most 12 words, MEDIUM 13 to 40, LONG more."
_GATES = {
    "rmse": "RMSE",
    "mae": "MAE",
    "ece": "Expected calibration error",
    "pearson": "Pearson's r",
    "spearman": "Spearman's ρ",
    "skill": "Skill against a constant",
    "gain_over_base": "Gain over the best base model",
    "ceiling_share": "Share of the highest possible r",
    "macro_f1": "Macro-F1, second level",
    "hierarchical_f1": "Hierarchical F1",
    "path_validity": "Valid paths",
}


@dataclass(frozen=True, slots=True)
class CorpusFacts:
    """Where a model's rows come from and how it was made.

    Attributes:
        source: file or generator.
        sha256: of its bytes.
        adapter: what understood it.
        encoder: version of the embeddings.
        seed: of all choices.
        split: how the parts came about: official, by_time or by_user.
        folds: of the training rows.
        rows: by part (train, tune, test).
        purged: rows in no part, by reason.
        notes: what a reader of any figure should know about the split.
        leaks: what the audit found that does not block, as sentences; empty: nothing leaks.
        versions: of the libraries.
    """

    source: str
    sha256: str
    adapter: str
    encoder: str
    seed: int
    split: str
    folds: int
    rows: Mapping[str, int]
    purged: Mapping[str, int]
    notes: Sequence[str] = ()
    leaks: Sequence[str] = ()
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose first column names the row.

    Attributes:
        caption: what is shown.
        columns: heads.
        rows: cells as text, as many as columns.
        amounts: whether all columns but the first are numbers.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    amounts: bool = True


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page.

    Attributes:
        id: for links.
        title: of the section.
        text: what to know before the rest; a paragraph each.
        tables, pictures: below it.
    """

    id: str
    title: str
    text: Sequence[str] = ()
    tables: Sequence[Table] = ()
    pictures: Sequence[Picture] = ()


@dataclass(frozen=True, slots=True)
class GateRow:
    """One threshold as the page shows it; ``constant`` and ``best`` are empty where nothing is known."""

    name: str
    wanted: str
    found: str
    constant: str
    best: str
    passed: bool
    why: str


def gate_row(check: Check, *, constant: float | None = None, best: float | None = None, why: str = "") -> GateRow:
    """Return a threshold as the page shows it.

    Args:
        check: the threshold and what was found.
        constant: the figure that the mean of the training labels has on the same rows.
        best: the figure that no model can beat.
        why: to be read with it.
    """
    sign = "≤" if check.at_most else "≥"
    return GateRow(
        gate_name(check.name), f"{sign} {check.limit:g}", figure(check.found),
        "" if constant is None else figure(constant), "" if best is None else figure(best), check.passed, why,
    )  # fmt: skip


def gate_name(name: str) -> str:
    """Return a gate's name in words."""
    head, _, bucket = name.partition(".")
    return f"RMSE of {bucket} texts" if bucket else _GATES.get(head, head.replace("_", " "))


def figure(value: float | None, interval: ConfidenceInterval | None = None, *, decimals: int = 3) -> str:
    """Write a figure, ``–`` for none, and on a second line its interval where there is one."""
    if value is None:
        return UNKNOWN
    text = _signed(value, decimals)
    if interval is None:
        return text
    return f"{text}\n{_signed(interval.low, decimals)} to {_signed(interval.high, decimals)}"


def share(value: float | None) -> str:
    """Write a share as per cent with one decimal, ``–`` for none."""
    return UNKNOWN if value is None else f"{value:.1%}"


def listed(words: Iterable[str]) -> str:
    """Write ``a, b and c``."""
    every = list(words)
    return every[0] if len(every) == 1 else f"{', '.join(every[:-1])} and {every[-1]}" if every else "none"


def data_section(facts: CorpusFacts) -> Section:
    """Return what the model was made of, and that nothing leaks."""
    audit = (
        ["The leak audit found nothing: no author, text or time that is judged was seen in training."]
        if not facts.leaks
        else [f"The leak audit found what the corpus was published with: {finding}." for finding in facts.leaks]
    )
    about = [
        ("Source", facts.source),
        ("SHA-256", facts.sha256),
        ("Read as", facts.adapter),
        ("Split", _SPLITS[facts.split]),
        ("Folds", f"{facts.folds}, grouped by author"),
    ]
    rows = [(name, f"{count:,}") for name, count in facts.rows.items()]
    purged = [(reason.replace("_", " "), f"{count:,}") for reason, count in facts.purged.items() if count]
    return Section(
        "data",
        "Data",
        [*audit, *facts.notes],
        [
            Table("The corpus", ("", ""), about, amounts=False),
            Table("Labelled rows by part", ("Part", "Rows"), rows),
            *([Table("Rows in no part, by reason", ("Reason", "Rows"), purged)] if purged else []),
        ],
    )


def search_section(found: SearchResult, pictures: Sequence[Picture], *, error: str = "RMSE") -> Section:
    """Return what was tried; ``error`` is what the trials are compared by."""
    best = found.best
    params = [(name, f"{value:.4g}") for name, value in best.candidate.params.items()]
    taken_up = f" {found.taken_up} were taken up from an earlier run." if found.taken_up else ""
    told = f"{len(found.trials)} trials, {sum(trial.seconds for trial in found.trials):,.0f} s.{taken_up}"
    table = Table(f"Best trial: {best.candidate.family}, {error} {best.value:.4f}", ("Parameter", "Value"), params)
    return Section("search", "Search", (told,), [table], pictures)


def making_section(facts: CorpusFacts, seconds: Mapping[str, float]) -> Section:
    """Return how long each step took, and with what."""
    times = [(step, duration(took)) for step, took in seconds.items()]
    return Section(
        "making",
        "How it was made",
        (f"The same corpus, settings, seed {facts.seed} and versions give the same model.",),
        [
            Table("Time by step", ("Step", "Time"), [*times, ("all steps", duration(sum(seconds.values())))]),
            Table(
                "Versions",
                ("Library", "Version"),
                [*facts.versions.items(), ("encoder", facts.encoder), ("seed", str(facts.seed))],
                amounts=False,
            ),
        ],
    )


_SPLITS = {
    "official": "as the corpus was published",
    "by_time": "judged on later authors than trained on",
    "by_user": "authors at random, none in two parts",
}


def _signed(value: float, decimals: int) -> str:
    text = f"{value:.{decimals}f}"
    return text.replace("-", "−") if float(text) else text.removeprefix("-")
