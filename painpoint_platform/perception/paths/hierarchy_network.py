"""A classifier of leaves: what the features say, bent by one hidden layer, plus what words and pairs of words say.

Belongs here: the network, how it is fitted, its n-grams. Does not belong here: the tree and choosing a path
(``hierarchy``), which of its parameters are best (``paths_training``).

The score of a leaf is linear in the standardised features, in one hidden layer of them (GELU) and in the hashed n-grams
of the text, after Weinberger et al. (ICML 2009): a table needs no vocabulary, so no text of the corpus is in the model.
It is fitted to the cross-entropy of every level of the tree, where a node's probability is the sum of its leaves': a
mistake within a basic emotion costs less than one across. Six weights need no framework: NumPy fits them as fast as
torch does on one core, and a step touches only the n-grams that its texts have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.perception.learning.regressors import Arrays, Matrix, standardisation
from painpoint_platform.perception.measuring.metrics import Floats

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

BUCKETS = 2**16
# Words with their apostrophes, and every other visible sign: emoji and question marks tell much about a feeling.
_TOKEN = r"(?u)\b\w+(?:['’]\w+)?\b|[^\w\s]"
_BATCH, _SMALLEST_BATCH = 256, 16
_STEPS = 40  # an epoch of few rows has at least about so many, by smaller batches
_LEAST = 1e-9  # a probability of 0 has no logarithm
_BETAS, _EPSILON = (0.9, 0.99), 1e-8
_WARM = 0.1
_NEVER = 1e-6  # rows of a leaf that nothing was labelled with
_ROOT, _CUBE = 0.7978845608, 0.044715  # of the tanh form of GELU
_CLIP = 6.0  # standard deviations; a count far beyond what was seen in training says no more


@dataclass(frozen=True)
class Network:
    """A fitted network.

    Attributes:
        center, scale: (features,) of the standardisation.
        direct: (features, leaves) float32.
        inward: (features, hidden) float32, with ``inward_bias`` (hidden,).
        outward: (hidden, leaves) float32.
        bias: (leaves,).
        grams: (BUCKETS, leaves) float16.
    """

    center: Matrix
    scale: Matrix
    direct: Matrix
    inward: Matrix
    inward_bias: Matrix
    outward: Matrix
    bias: Matrix
    grams: NDArray[np.float16]

    def logits(self, matrix: Matrix, grams: "csr_matrix") -> Floats:
        """Return a score a leaf, (rows, leaves).

        Args:
            matrix: (rows, features).
            grams: of ``hashed_ngrams``.
        """
        rows = np.clip((matrix - self.center) * self.scale, -_CLIP, _CLIP).astype(np.float32)
        scores = rows @ self.direct + _gelu(rows @ self.inward + self.inward_bias) @ self.outward + self.bias
        return np.asarray(scores + grams @ self.grams.astype(np.float32), np.float64)

    @property
    def arrays(self) -> Arrays:
        """What the network is made of."""
        return dict(vars(self))

    @classmethod
    def of(cls, arrays: Arrays) -> Self:
        """Return the network of ``arrays``."""
        return cls(**{name: arrays[name] for name in cls.__dataclass_fields__})


def hashed_ngrams(texts: Sequence[str]) -> "csr_matrix":
    """Return the words and pairs of neighbouring words of each text, (texts, BUCKETS) float32, rows of length 1."""
    if not texts:
        from scipy.sparse import csr_matrix

        return csr_matrix((0, BUCKETS), dtype=np.float32)
    readable = [text.encode("utf-8", errors="replace").decode("utf-8") for text in texts]
    return _vectorizer().transform(readable).astype(np.float32)


def fit_network(
    matrix: Matrix,
    grams: "csr_matrix",
    leaves: NDArray[np.int64],
    *,
    levels: Sequence[NDArray[np.int64]],
    params: Mapping[str, float],
    seed: int,
) -> Network:
    """Fit a network; the same rows, parameters and seed give the same one.

    Args:
        matrix: (rows, features).
        grams: of the texts, see ``hashed_ngrams``.
        leaves: (rows,) the place of each row's leaf in the tree.
        levels: for each level of the tree (leaves,) the node that each leaf lies under; the last is the leaves.
        params: hidden, epochs, rate (of Adam), decay (a step, of all weights), dropout, word_rate (of Adagrad, which
            is kinder to words that are rare).
        seed: of the weights, the order of the rows and what is dropped.
    """
    from threadpoolctl import threadpool_limits

    mean, deviation = standardisation(matrix)
    center, scale = mean.astype(np.float32), (1 / deviation).astype(np.float32)
    rows = np.clip((matrix - center) * scale, -_CLIP, _CLIP).astype(np.float32)
    choices = np.random.default_rng(seed)
    counts = np.bincount(leaves, minlength=len(levels[-1]))
    weights = _new_weights(rows.shape[1], int(params["hidden"]), counts, choices)
    optimizer = _Optimizer(weights, params)
    batches = _batches(len(leaves), int(params["epochs"]), choices)
    with threadpool_limits(limits=1):  # products of a batch are too small for two threads
        for step, batch in enumerate(batches):
            words = grams[batch]
            found = _gradients(
                weights, rows[batch], words, leaves[batch], levels=levels, dropout=params["dropout"], choices=choices
            )
            optimizer.step(found, words, _slope(step / len(batches)))
    table = weights.pop("grams").astype(np.float16)
    return Network(center=center, scale=scale, grams=table, **weights)


def _new_weights(
    features: int, hidden: int, counts: NDArray[np.int64], choices: np.random.Generator
) -> dict[str, Matrix]:
    """Return weights by which every row has the leaves' shares; a leaf without rows is never chosen."""
    leaves = len(counts)

    def drawn(rows: int, columns: int) -> Matrix:
        return np.asarray(choices.standard_normal((rows, columns)) / rows**0.5, np.float32)

    return {
        "direct": np.zeros((features, leaves), np.float32),
        "inward": drawn(features, hidden),
        "inward_bias": np.zeros(hidden, np.float32),
        "outward": drawn(hidden, leaves),
        "bias": np.log(np.maximum(counts, _NEVER) / counts.sum()).astype(np.float32),
        "grams": np.zeros((BUCKETS, leaves), np.float32),
    }


def _batches(rows: int, epochs: int, choices: np.random.Generator) -> list[NDArray[np.int64]]:
    size = min(_BATCH, max(_SMALLEST_BATCH, rows // _STEPS))
    orders = [choices.permutation(rows) for _ in range(epochs)]
    return [order[start : start + size] for order in orders for start in range(0, rows, size)]


def _slope(share: float) -> float:
    """Return how much of the rate is used: rising through the first tenth of the steps, falling to 0 afterwards."""
    return min(share / _WARM + 0.1, 1.0) if share < _WARM else (1 - share) / (1 - _WARM)


def _gradients(
    weights: Mapping[str, Matrix],
    rows: Matrix,
    grams: "csr_matrix",
    leaves: NDArray[np.int64],
    *,
    levels: Sequence[NDArray[np.int64]],
    dropout: float,
    choices: np.random.Generator,
) -> dict[str, Matrix]:
    """Return the gradient of the summed cross-entropy of the levels by each weight; for grams that by the logits."""
    rows = rows * _kept(rows.shape, dropout, choices)
    before = rows @ weights["inward"] + weights["inward_bias"]
    kept = _kept(before.shape, dropout, choices)
    hidden = _gelu(before) * kept
    logits = rows @ weights["direct"] + hidden @ weights["outward"] + weights["bias"] + grams @ weights["grams"]
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    error = len(levels) * chances
    for level in levels:
        inside = chances * (level[leaves, None] == level)
        error -= inside / np.maximum(inside.sum(axis=1, keepdims=True), _LEAST)
    error /= len(rows)
    back = (error @ weights["outward"].T) * kept * _gelu_slope(before)
    return {
        "direct": rows.T @ error,
        "inward": rows.T @ back,
        "inward_bias": back.sum(axis=0),
        "outward": hidden.T @ error,
        "bias": error.sum(axis=0),
        "grams": error,
    }


def _kept(shape: tuple[int, ...], dropout: float, choices: np.random.Generator) -> Matrix:
    """Return 0 for what is dropped, and for the rest what keeps the sum the same on average."""
    return (choices.random(shape, np.float32) >= dropout).astype(np.float32) / np.float32(1 - dropout)


class _Optimizer:
    """Adam with decoupled decay (Loshchilov and Hutter 2019); Adagrad (Duchi et al. 2011) for the table of n-grams.

    Of the table only the rows that a batch has are touched, so a step costs the same however large it is.
    """

    def __init__(self, weights: dict[str, Matrix], params: Mapping[str, float]) -> None:
        self._weights, self._params, self._steps = weights, params, 0
        dense = {name: weight for name, weight in weights.items() if name != "grams"}
        self._means = {name: np.zeros_like(weight) for name, weight in dense.items()}
        self._squares = {name: np.zeros_like(weight) for name, weight in dense.items()}
        self._seen = np.zeros_like(weights["grams"])

    def step(self, gradients: Mapping[str, Matrix], grams: "csr_matrix", slope: float) -> None:
        """Move the weights, with ``slope`` of the rates."""
        self._steps += 1
        rate, decay = slope * self._params["rate"], self._params["decay"]
        fade, fade_square = (1 - beta**self._steps for beta in _BETAS)
        for name, mean in self._means.items():
            gradient, square = gradients[name], self._squares[name]
            mean[:] += (1 - _BETAS[0]) * (gradient - mean)
            square[:] += (1 - _BETAS[1]) * (gradient**2 - square)
            moved = mean / fade / (np.sqrt(square / fade_square) + _EPSILON) + decay * self._weights[name]
            self._weights[name] -= rate * moved
        touched, places = np.unique(grams.indices, return_inverse=True)
        compact = type(grams)((grams.data, places, grams.indptr), shape=(grams.shape[0], len(touched)))
        gradient = compact.T @ gradients["grams"]
        self._seen[touched] += gradient**2
        moved = gradient / (np.sqrt(self._seen[touched]) + _EPSILON) + decay * self._weights["grams"][touched]
        self._weights["grams"][touched] -= slope * self._params["word_rate"] * moved


def _gelu(values: Matrix) -> Matrix:
    """Return the tanh form of the Gaussian error linear unit (Hendrycks and Gimpel 2016)."""
    return np.asarray(0.5 * values * (1 + np.tanh(_inner(values))), np.float32)


def _gelu_slope(values: Matrix) -> Matrix:
    bend = np.tanh(_inner(values))
    inner_slope = _ROOT * (1 + 3 * _CUBE * values**2)
    return np.asarray(0.5 * (1 + bend) + 0.5 * values * (1 - bend**2) * inner_slope, np.float32)


def _inner(values: Matrix) -> Matrix:
    return np.asarray(_ROOT * (values + _CUBE * values**3), np.float32)


@cache
def _vectorizer() -> Any:
    from sklearn.feature_extraction.text import HashingVectorizer

    return HashingVectorizer(
        n_features=BUCKETS, ngram_range=(1, 2), alternate_sign=False, token_pattern=_TOKEN, norm="l2", binary=True
    )
