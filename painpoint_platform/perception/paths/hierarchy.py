"""Paths in a tree of classes: a classifier of leaves whose probability is summed upwards, and the best path under it.

Belongs here: the tree, decoding, the fitted model and its files. Does not belong here: the network that scores leaves
(``hierarchy_network``), fitting anything (``paths_training``), the tree of emotions itself (``emotions``).

Only paths of the tree are ever scored, so every decoded path is valid, and a node is never more probable than its
parent.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import Self

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.perception.emotions import EMOTION_PATHS
from painpoint_platform.perception.features.text_features import Features
from painpoint_platform.perception.measuring.metrics import Floats
from painpoint_platform.perception.measuring.path_metrics import Path
from painpoint_platform.perception.paths.hierarchy_network import Network, hashed_ngrams

MODEL = "model.json"
_LEAST = 1e-12  # a probability of 0 has no logarithm


@dataclass(frozen=True)
class Tree:
    """All paths from the root to a leaf, of one length; a leaf's place is its number in ``paths``."""

    paths: tuple[Path, ...]

    @classmethod
    def of(cls, paths: Collection[Sequence[str]]) -> Self:
        """Return the tree of these paths, in the order of the alphabet.

        Raises:
            ValueError: there are none, or they differ in length.
        """
        known = tuple(sorted({tuple(path) for path in paths}))
        if len({len(path) for path in known}) != 1:
            raise ValueError("a tree has paths, all of one length")
        return cls(known)

    @cached_property
    def nodes(self) -> tuple[tuple[Path, ...], ...]:
        """By level from the root: its nodes as paths, in the order of the alphabet."""
        return tuple(tuple(sorted({path[:depth] for path in self.paths})) for depth in range(1, len(self.paths[0]) + 1))

    @cached_property
    def levels(self) -> tuple[NDArray[np.int64], ...]:
        """By level: (leaves,) the number of the node that each leaf lies under; the last numbers the leaves."""
        return tuple(
            np.array([nodes.index(path[:depth]) for path in self.paths]) for depth, nodes in enumerate(self.nodes, 1)
        )

    @cached_property
    def places(self) -> Mapping[Path, int]:
        """The place of each path."""
        return {path: place for place, path in enumerate(self.paths)}

    def masses(self, probabilities: Floats) -> tuple[Floats, ...]:
        """Sum leaves' probabilities (rows, leaves) upwards: by level (rows, nodes)."""
        return tuple(probabilities @ np.eye(int(level.max()) + 1)[level] for level in self.levels)


EMOTIONS = Tree.of(EMOTION_PATHS.values())


def decode(tree: Tree, probabilities: Floats, offsets: Floats) -> NDArray[np.int64]:
    """Return the place of the best path of each row: the largest sum of its nodes' log-probabilities and its offset.

    Args:
        tree: whose paths compete.
        probabilities: (rows, leaves).
        offsets: (leaves,) what a path is favoured by.
    """
    return np.asarray(np.argmax(path_scores(tree, probabilities) + offsets, axis=1))


def path_scores(tree: Tree, probabilities: Floats) -> Floats:
    """Return for each path the sum over its nodes of the logarithm of their probability, (rows, leaves)."""
    found = np.zeros_like(probabilities)
    for level, mass in zip(tree.levels, tree.masses(probabilities), strict=True):
        found += np.log(np.maximum(mass, _LEAST))[:, level]
    return found


@dataclass(frozen=True, slots=True, eq=False)
class PathScores:
    """What a model says of rows.

    Attributes:
        tree: of the model.
        places: (rows,) of the chosen paths in the tree.
        probabilities: (rows, leaves), calibrated.
    """

    tree: Tree
    places: NDArray[np.int64]
    probabilities: Floats

    @property
    def paths(self) -> list[Path]:
        """The chosen path of each row."""
        return [self.tree.paths[place] for place in self.places.tolist()]

    @property
    def confidence(self) -> Floats:
        """The probability of the chosen path, (rows,)."""
        return self.by_level[:, -1]

    @property
    def by_level(self) -> Floats:
        """The probability of each node of the chosen path, from the root, (rows, levels); it never grows."""
        masses = zip(self.tree.levels, self.tree.masses(self.probabilities), strict=True)
        rows = np.arange(len(self.places))
        return np.stack([mass[rows, level[self.places]] for level, mass in masses], axis=1)


@dataclass(frozen=True)
class PathModel:
    """A fitted model.

    Attributes:
        variable: what it scores.
        tree: of its classes.
        columns: the features that it reads, beside the text.
        networks: whose logits are averaged; several that differ in their seed err less than one.
        temperature: divides the logits, so that of paths given 0.3 three in ten are right (Guo et al., ICML 2017).
        offsets: (leaves,) of ``decode``: what macro-F1 gains by favouring rare classes.
    """

    variable: str
    tree: Tree
    columns: tuple[str, ...]
    networks: tuple[Network, ...]
    temperature: float
    offsets: Floats

    def predict(self, features: Features, texts: Sequence[str]) -> PathScores:
        """Score rows.

        Args:
            features: with every column of ``columns``.
            texts: the same rows; anything, empty texts too.
        """
        matrix, grams = features.block(self.columns), hashed_ngrams(texts)
        logits = np.mean([network.logits(matrix, grams) for network in self.networks], axis=0)
        probabilities = softmax(logits / self.temperature)
        return PathScores(self.tree, decode(self.tree, probabilities, self.offsets), probabilities)

    def uncalibrated(self, scores: PathScores) -> Floats:
        """Return the confidence that the chosen paths would have without the temperature, (rows,)."""
        plain = scores.probabilities**self.temperature
        chosen = plain[np.arange(len(plain)), scores.places]
        return np.asarray(chosen / plain.sum(axis=1))

    def to_files(self) -> dict[str, bytes]:
        """Return the model as files by name, none of which holds a pickled object."""
        described = {
            "variable": self.variable,
            "tree": self.tree.paths,
            "columns": self.columns,
            "temperature": self.temperature,
            "offsets": self.offsets.tolist(),
            "networks": [f"network_{number}.npz" for number in range(len(self.networks))],
        }
        files = {name: _packed(one) for name, one in zip(described["networks"], self.networks, strict=True)}
        return {**files, MODEL: json.dumps(described, indent=2, ensure_ascii=False, allow_nan=False).encode()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """Return the model of ``to_files``.

        Raises:
            KeyError, ValueError: they are not the files of such a model.
        """
        described = json.loads(files[MODEL])
        return cls(
            described["variable"],
            Tree.of(described["tree"]),
            tuple(described["columns"]),
            tuple(_unpacked(files[name]) for name in described["networks"]),
            float(described["temperature"]),
            np.array(described["offsets"], np.float64),
        )


def softmax(logits: Floats) -> Floats:
    """Return probabilities, (rows, leaves)."""
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _packed(network: Network) -> bytes:
    buffer = BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **network.arrays)
    return buffer.getvalue()


def _unpacked(content: bytes) -> Network:
    with np.load(BytesIO(content), allow_pickle=False) as arrays:
        return Network.of(arrays)
