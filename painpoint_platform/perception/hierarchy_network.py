"""A classifier of leaves: what the features say, bent by one hidden layer, plus what words and pairs of words say.

Belongs here: the network, how it is fitted, its n-grams. Does not belong here: the tree and choosing a path
(``hierarchy``), which of its parameters are best (``paths_training``).

The score of a leaf is linear in the standardised features, in one hidden layer of them (GELU) and in the hashed n-grams
of the text, after Weinberger et al. (ICML 2009): a table needs no vocabulary, so no text of the corpus is in the model.
It is fitted by AdamW to the cross-entropy of every level of the tree, where a node's probability is the sum of its
leaves': a mistake within a basic emotion costs less than one across. Fitted with torch, applied with NumPy.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.perception.metrics import Floats
from painpoint_platform.perception.regressors import Arrays, Matrix, standardisation

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

BUCKETS = 2**15
# Words with their apostrophes, and every other visible sign: emoji and question marks tell much about a feeling.
_TOKEN = r"(?u)\b\w+(?:['’]\w+)?\b|[^\w\s]"
_BATCH = 256
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
    return _vectorizer().transform(texts).astype(np.float32)


def fit_network(
    matrix: Matrix,
    grams: "csr_matrix",
    leaves: NDArray[np.int64],
    *,
    levels: Sequence[NDArray[np.int64]],
    params: Mapping[str, float],
    seed: int,
) -> Network:
    """Fit a network; the same rows, parameters, seed and number of threads give the same one.

    Args:
        matrix: (rows, features).
        grams: of the texts, see ``hashed_ngrams``.
        leaves: (rows,) the place of each row's leaf in the tree.
        levels: for each level of the tree (leaves,) the node that each leaf lies under; the last is the leaves.
        params: hidden, epochs, rate, decay (of the table of n-grams), dropout, balance (0: classes weigh as many rows
            as they have, 1: the same each).
        seed: of the weights, the order of the rows and what is dropped.
    """
    import torch

    center, deviation = standardisation(matrix)
    scale = (1 / deviation).astype(np.float32)
    rows = torch.from_numpy(np.clip((matrix - center.astype(np.float32)) * scale, -_CLIP, _CLIP).astype(np.float32))
    generator = torch.Generator().manual_seed(seed)
    weights = _new_weights(rows.shape[1], int(params["hidden"]), len(levels[-1]), generator)
    masses = [_membership(level) for level in levels]
    costs = torch.from_numpy(_class_weights(leaves, len(levels[-1]), params["balance"]))
    truth = [torch.from_numpy(level[leaves]) for level in levels]
    steps = int(params["epochs"]) * -(-len(leaves) // _BATCH)
    optimizer = torch.optim.AdamW(
        [
            {"params": [weights["grams"]], "weight_decay": params["decay"], "lr": params["word_rate"]},
            {"params": [one for name, one in weights.items() if name != "grams"], "weight_decay": 0.05},
        ],
        lr=params["rate"],
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, [params["word_rate"], params["rate"]], total_steps=steps)
    for _ in range(int(params["epochs"])):
        order = torch.randperm(len(leaves), generator=generator)
        for batch in order.split(_BATCH):
            scores = _forward(weights, rows[batch], grams[batch.numpy()], params["dropout"], generator)
            chances = torch.softmax(scores, dim=1)
            loss = sum(
                (-torch.log((chances @ mass).gather(1, level[batch, None])[:, 0] + 1e-9) * costs[batch]).mean()
                for mass, level in zip(masses, truth, strict=True)
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    fitted = {name: weight.detach().numpy() for name, weight in weights.items()}
    return Network(
        center=center.astype(np.float32), scale=scale, **fitted | {"grams": fitted["grams"].astype(np.float16)}
    )


def _new_weights(features: int, hidden: int, leaves: int, generator: Any) -> dict[str, Any]:
    import torch

    def drawn(rows: int, columns: int) -> Any:
        return (torch.randn(rows, columns, generator=generator) / rows**0.5).requires_grad_()

    def zeros(*shape: int) -> Any:
        return torch.zeros(*shape, requires_grad=True)

    return {
        "direct": zeros(features, leaves),
        "inward": drawn(features, hidden),
        "inward_bias": zeros(hidden),
        "outward": drawn(hidden, leaves),
        "bias": zeros(leaves),
        "grams": zeros(BUCKETS, leaves),
    }


def _forward(weights: Mapping[str, Any], rows: Any, grams: "csr_matrix", dropout: float, generator: Any) -> Any:
    import torch
    from torch.nn import functional

    def dropped(values: Any) -> Any:
        kept = torch.rand(values.shape, generator=generator) >= dropout
        return values * kept / (1 - dropout)

    rows = dropped(rows)
    hidden = dropped(functional.gelu(rows @ weights["inward"] + weights["inward_bias"], approximate="tanh"))
    words = functional.embedding_bag(
        torch.from_numpy(grams.indices.astype(np.int64)),
        weights["grams"],
        torch.from_numpy(grams.indptr[:-1].astype(np.int64)),
        mode="sum",
        per_sample_weights=torch.from_numpy(grams.data),
    )
    return rows @ weights["direct"] + hidden @ weights["outward"] + weights["bias"] + words


def _membership(level: NDArray[np.int64]) -> Any:
    import torch

    return torch.eye(int(level.max()) + 1)[torch.from_numpy(level)]


def _class_weights(leaves: NDArray[np.int64], count: int, balance: float) -> Matrix:
    """Return the weight of each row, 1 on average."""
    rows = np.bincount(leaves, minlength=count)
    weights = np.power(np.maximum(rows, 1).astype(np.float64), -balance)[leaves]
    return np.asarray(weights / weights.mean(), np.float32)


def _gelu(values: Matrix) -> Matrix:
    """Return the tanh form of the Gaussian error linear unit (Hendrycks and Gimpel 2016)."""
    return np.asarray(0.5 * values * (1 + np.tanh(0.7978845608 * (values + 0.044715 * values**3))), np.float32)


@cache
def _vectorizer() -> Any:
    from sklearn.feature_extraction.text import HashingVectorizer

    return HashingVectorizer(
        n_features=BUCKETS, ngram_range=(1, 2), alternate_sign=False, token_pattern=_TOKEN, norm="l2", binary=True
    )
