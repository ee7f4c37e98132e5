"""The texts that benchmarks measure with: real ones where a folder of data is at hand, else the project's own sample.

Belongs here: reading them and cutting them to length. Does not belong here: measuring.
"""

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from painpoint_platform.sample.corpus import DAYS, generate_items
from painpoint_platform.text.cleaning import clean_body
from painpoint_platform.text.minilm import count_tokens

DEFAULT_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SAMPLE_DAY = DAYS[0]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--data`` and ``--json``."""
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder with banking77/ and github_issues/")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")


def posts(data: Path, count: int) -> list[str]:
    """Return distinct whole posts: real issues, else sample posts."""
    path = data / "github_issues" / "issues.csv"
    if path.exists():
        found = [f"{row['title']}\n{row['body']}" for row in _rows(path)]
    else:
        found = [f"{item.title}\n{item.body}" for item in generate_items(SAMPLE_DAY, count, seed=3)]
    return list(dict.fromkeys(found))[:count]


def questions(data: Path, count: int) -> list[str]:
    """Return distinct short texts: real questions, else sample titles."""
    path = data / "banking77" / "test.csv"
    found = [row["text"] for row in _rows(path)] if path.exists() else []
    found = found or [item.title for item in generate_items(SAMPLE_DAY, count, seed=3)]
    return list(dict.fromkeys(found))[:count]


def posts_of_120_tokens(data: Path, count: int) -> list[str]:
    """Return posts cut to about 120 tokens; shorter ones are left out."""
    cut = []
    for post in posts(data, 10 * count):
        words = post.split()
        # A word has a token at least, so the first 118 words hold enough of them.
        tokens = np.cumsum(count_tokens(words[:118]))
        if len(tokens) and tokens[-1] >= 110:
            cut.append(" ".join(words[: int(np.searchsorted(tokens, 118, side="right"))]))
    return cut[:count]


def labelled_sets(data: Path) -> dict[str, tuple[list[str], list[str]]]:
    """Return name -> (texts, classes): real questions with their intents, whole and in parts, and sample days.

    Class "" is noise: posts of a sample day without a planted problem, also mixed into the questions.
    """
    sets: dict[str, tuple[list[str], list[str]]] = {}
    if (data / "banking77").is_dir():
        test, train = (_rows(data / "banking77" / f"{part}.csv") for part in ("test", "train"))
        sets["banking77 test"] = _texts(test)
        for intents, count, seed in ((40, 2_000, 1), (15, 500, 2), (60, 5_000, 3)):
            sets[f"banking77 train, {intents} intents"] = _texts(_part(train, intents, count, seed))
        for intents, count, seed in ((40, 2_000, 4), (20, 1_000, 5)):
            texts, classes = _texts(_part(train, intents, count, seed))
            noise = _noise_posts(count // 3)
            sets[f"banking77 train, {intents} intents and noise"] = texts + noise, classes + [""] * len(noise)
        sets["banking77 train"] = _texts(train)
    for day, count in (*((day, 1_100) for day in DAYS), (SAMPLE_DAY, 5_000)):
        items = generate_items(day, count, seed=3)
        texts = {f"{item.title}\n{clean_body(item.body, item.source)}".strip(): item.problem_id or "" for item in items}
        sets[f"sample day {day} of {count:,}"] = list(texts), list(texts.values())
    return sets


def _noise_posts(count: int) -> list[str]:
    items = generate_items(SAMPLE_DAY, 6 * count, seed=4)
    return [f"{item.title}\n{clean_body(item.body, item.source)}".strip() for item in items if not item.problem_id][
        :count
    ]


def _part(rows: Sequence[dict[str, str]], intents: int, count: int, seed: int) -> list[dict[str, str]]:
    random = np.random.default_rng(seed)
    kept = set(random.choice(sorted({row["category"] for row in rows}), intents, replace=False))
    of_intents = [row for row in rows if row["category"] in kept]
    chosen = random.choice(len(of_intents), min(count, len(of_intents)), replace=False)
    return [of_intents[index] for index in chosen]


def _texts(rows: Sequence[dict[str, str]]) -> tuple[list[str], list[str]]:
    classes = {row["text"]: row["category"] for row in rows}
    return list(classes), list(classes.values())


def _rows(path: Path) -> list[dict[str, str]]:
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
