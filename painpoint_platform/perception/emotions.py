"""The three-level tree of emotions: sentiment, basic emotion, emotion.

Belongs here: the tree and how far two of its paths agree. Does not belong here: predicting a path, reading labels.

The emotions are the 27 of GoEmotions and neutral; the middle level is the grouping into Ekman's six that its authors
published, the upper one their positive, negative and ambiguous (Demszky et al., ACL 2020, "GoEmotions: A Dataset of
Fine-Grained Emotions"). Each basic emotion lies under one sentiment only, so this is a tree.
"""

from collections.abc import Sequence

import polars as pl

LEVELS = 3

EMOTION_TREE: dict[str, dict[str, tuple[str, ...]]] = {
    "positive": {
        "joy": (
            "admiration", "amusement", "approval", "caring", "desire", "excitement", "gratitude", "joy", "love",
            "optimism", "pride", "relief",
        ),
    },
    "negative": {
        "anger": ("anger", "annoyance", "disapproval"),
        "disgust": ("disgust",),
        "fear": ("fear", "nervousness"),
        "sadness": ("disappointment", "embarrassment", "grief", "remorse", "sadness"),
    },
    "ambiguous": {"surprise": ("confusion", "curiosity", "realization", "surprise")},
    "neutral": {"neutral": ("neutral",)},
}  # fmt: skip

# By the name of the emotion: (sentiment, basic emotion, emotion).
EMOTION_PATHS: dict[str, tuple[str, str, str]] = {
    emotion: (sentiment, basic, emotion)
    for sentiment, basics in EMOTION_TREE.items()
    for basic, emotions in basics.items()
    for emotion in emotions
}

# In the order of the numbers that stand for them in GoEmotions' files: by the alphabet, neutral last.
GOEMOTIONS: tuple[str, ...] = (*sorted(EMOTION_PATHS.keys() - {"neutral"}), "neutral")


def agreement(first: Sequence[str], second: Sequence[str]) -> float:
    """Return the share of levels, from the top, that two paths have in common: 0, 1/3, 2/3 or 1."""
    common = 0
    for ours, theirs in zip(first, second, strict=True):
        if ours != theirs:
            break
        common += 1
    return common / LEVELS


def agreement_of(first: str, second: str) -> pl.Expr:
    """Return ``agreement`` of two columns of paths (List[String], three levels), null where either is null."""
    top, middle, lowest = (pl.col(first).list.get(level) == pl.col(second).list.get(level) for level in range(LEVELS))
    return pl.sum_horizontal(top, top & middle, top & middle & lowest, ignore_nulls=False) / LEVELS
