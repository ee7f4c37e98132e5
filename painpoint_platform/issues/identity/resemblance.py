"""How much two groups of posts are about the same thing: 1 as alike as posts of one problem are, 0 like any two.

Belongs here: the measure, over words and over meaning. Does not belong here: which issue a cluster is (``lineage``).

Two groups are compared by the mean cosine of their pairs of posts. How high that is for one problem differs from field
to field and from problem to problem, so it is set against the groups' own tightness: with ``x`` the mean cosine across,
``a`` and ``b`` those within the two groups and ``z`` that between any two groups,

    resemblance = (x - z) / (sqrt(a b) - z)

Words (TF-IDF) cost no model and use every post. Meaning costs a pass of the encoder a post, so it is asked only where
words leave it open, for a few representatives, within a budget.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Group = Sequence[str]
Embed = Callable[[Sequence[str]], NDArray[np.float32]]

# Words settle a pair that resembles each other this much while everything else does less by the margin. On made
# streams and on banking questions no pair that they settle was a wrong one.
SETTLED, SETTLED_MARGIN = 0.6, 0.25
# Posts of a group whose meaning is looked at; more say little new.
MOST_REPRESENTATIVES = 5


@dataclass(frozen=True, slots=True)
class Prior:
    """What is taken for granted where little can be measured: tightness of a problem's posts, and of any two posts."""

    tightness: float
    background: float


# Measured on the sample corpus and on BANKING77. They count as much as this many pairs, of posts or of groups.
WORDS, MEANINGS = Prior(0.25, 0.03), Prior(0.55, 0.15)
PRIOR_PAIRS = 5


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups of posts, ready to be compared.

    Attributes:
        means: (groups, dimensions), the mean of each group's unit vectors, dense or sparse.
        within: (groups,) mean cosine of the pairs of posts of a group.
        background: mean cosine of posts of any two groups.
        posts: (posts, dimensions) unit vectors, group after group, dense or sparse.
        starts: (groups + 1,) where each group's posts begin, and where the last one's end.
    """

    means: Any
    within: Floats
    background: float
    posts: Any
    starts: Indices

    def across(self, rows: Indices, columns: Indices) -> Floats:
        """Return the mean cosines of posts across groups, (rows, columns)."""
        product = self.means[rows] @ self.means[columns].T
        return np.asarray(product.todense() if hasattr(product, "todense") else product)

    def resemblance(self, rows: Indices, columns: Indices) -> Floats:
        """Return how much the groups resemble each other, (rows, columns)."""
        alike = np.sqrt(np.outer(self.within[rows], self.within[columns]))
        above = self.across(rows, columns) - self.background
        return np.asarray(above / np.maximum(alike - self.background, 0.05))

    def shares(self, whole: int, one: int, other: int) -> tuple[float, float]:
        """Return how much of ``one`` and of ``other`` a group is made of, as the weights that come nearest to it.

        Least squares over the means, with the groups' tightness as their squared lengths: a mean of few posts is
        longer than what they have in common. Two groups about the same thing share evenly.
        """
        three = np.array([whole, one, other])
        cosines = self.across(three, three)
        gram = np.array([[self.within[one], cosines[1, 2]], [cosines[1, 2], self.within[other]]])
        weights = np.linalg.solve(gram + 0.1 * np.diag(gram.diagonal()), cosines[0, 1:])
        return float(weights[0]), float(weights[1])

    def camps(self, whole: int, one: int, other: int) -> float:
        """Return how much the posts of a group that are nearer to ``one`` resemble those that are nearer to ``other``.

        About 1 where each post speaks of both, about 0 where the group is two that were put together. A camp of a
        single post is none: the answer is 1.
        """
        posts = self.posts[self.starts[whole] : self.starts[whole + 1]]
        parts = np.array([one, other])
        product = posts @ self.means[parts].T
        cosines = np.asarray(product.todense() if hasattr(product, "todense") else product)
        nearer = (cosines / np.sqrt(self.within[parts])).argmax(axis=1)
        sizes = np.bincount(nearer, minlength=2)
        if sizes.min() < 2:
            return 1.0
        sums = np.stack([np.asarray(posts[nearer == camp].sum(axis=0)).ravel() for camp in range(2)])
        pairs = sizes * (sizes - 1) / 2
        alike = (np.square(sums).sum(axis=1) - sizes) / 2
        within = (alike + PRIOR_PAIRS * self.within[parts]) / (pairs + PRIOR_PAIRS)
        above = sums[0] @ sums[1] / sizes.prod() - self.background
        return float(above / max(float(np.sqrt(within.prod())) - self.background, 0.05))


def by_words(groups: Sequence[Group], *, today: int) -> Groups:
    """Compare groups of posts by their words.

    Args:
        groups: the posts of each group, at least one; those of the day first.
        today: how many are of the day; the background is measured between them and all others.
    """
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [text for group in groups for text in group]
    # A word in a third of all posts says nothing; where there are few groups all may be about one thing.
    common = 1.0 if len(groups) < 10 else 0.34
    try:
        vectors = TfidfVectorizer(sublinear_tf=True, token_pattern=r"(?u)\w{2,}", max_df=common).fit_transform(texts)
    except ValueError:  # scikit-learn's word for "no word is left", as of posts of emoji alone
        vectors = csr_matrix((len(texts), 1))
    sizes = np.array([len(group) for group in groups])
    owner = np.repeat(np.arange(len(groups)), sizes)
    sums = csr_matrix((np.ones(len(texts)), (owner, np.arange(len(texts)))), (len(groups), len(texts))) @ vectors
    lengths = np.bincount(owner, weights=np.asarray(vectors.multiply(vectors).sum(axis=1)).ravel())
    squared = np.asarray(sums.multiply(sums).sum(axis=1)).ravel()
    means = csr_matrix(sums.multiply(1 / sizes[:, None]))
    return _measured(means, vectors, (squared - lengths) / 2, sizes, today=today, prior=WORDS)


def by_meaning(vectors: Sequence[NDArray[np.float32]], *, today: int) -> Groups:
    """Compare groups of posts by the unit vectors of their posts, (posts, dimensions) each; see ``by_words``."""
    sizes = np.array([len(group) for group in vectors])
    sums = np.stack([group.sum(axis=0, dtype=np.float64) for group in vectors])
    means = sums / sizes[:, None]
    return _measured(
        means, np.concatenate(vectors), (np.square(sums).sum(axis=1) - sizes) / 2, sizes, today=today, prior=MEANINGS
    )


def _measured(means: Any, posts: Any, cosines: Floats, sizes: Indices, *, today: int, prior: Prior) -> Groups:
    """``cosines`` are the sums over the pairs of posts within each group."""
    pairs = sizes * (sizes - 1) / 2
    typical = (cosines.sum() + PRIOR_PAIRS * prior.tightness) / (pairs.sum() + PRIOR_PAIRS)
    within = (cosines + PRIOR_PAIRS * typical) / (pairs + PRIOR_PAIRS)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    groups = Groups(means, within, prior.background, posts, starts)
    between = groups.across(np.arange(today), np.arange(len(sizes)))
    others = between[np.arange(today)[:, None] != np.arange(len(sizes))[None, :]]
    if not others.size:
        return groups
    # The median: a group and its own issue are a pair, too, and no background.
    background = (np.median(others) * others.size + PRIOR_PAIRS * prior.background) / (others.size + PRIOR_PAIRS)
    return replace(groups, background=float(background))


def resemblances(
    groups: Sequence[Group], words: Groups, *, today: int, issues: Indices, embed: Embed, budget: int | None
) -> Floats:
    """Return how much each of a day's groups resembles each known one, (today, known).

    Args:
        groups: posts of each group, representatives first; the day's first, then the known ones.
        words: the same groups compared by words.
        today: how many are of the day.
        issues: (known,) number of the issue of each known group: several may be of one.
        embed: texts to unit vectors.
        budget: most texts to embed; None for as many as there are.
    """
    rows, known = np.arange(today), np.arange(today, len(groups))
    found = words.resemblance(rows, known)
    open_rows, open_columns = left_open(found, issues)
    rows, columns, posts = _within_budget(found, open_rows, open_columns, budget)
    if posts == 0:
        return found
    compared = [*rows, *(columns + today)]
    texts = [list(groups[index][:posts]) for index in compared]
    vectors = embed([text for group in texts for text in group])
    bounds = np.cumsum([len(group) for group in texts])[:-1]
    meanings = by_meaning(np.split(vectors, bounds), today=len(rows))
    order = np.arange(len(compared))
    block = np.ix_(rows, columns)
    found[block] = (found[block] + meanings.resemblance(order[: len(rows)], order[len(rows) :])) / 2
    return found


def left_open(found: Floats, issues: Indices) -> tuple[Indices, Indices]:
    """Return the rows and columns that words do not settle; all columns of an issue are settled together.

    Args:
        found: (today, known) resemblances by words.
        issues: (known,) number of the issue of each known group.
    """
    settled_rows: list[int] = []
    settled: list[int] = []
    for row in range(found.shape[0]):
        best = int(found[row].argmax())
        own = issues == issues[best]
        beside = max(found[row, ~own].max(initial=0.0), np.delete(found[:, own], row, axis=0).max(initial=0.0))
        if found[row, best] >= SETTLED and found[row, best] - beside >= SETTLED_MARGIN:
            settled_rows.append(row)
            settled.append(int(issues[best]))
    open_rows = np.setdiff1d(np.arange(found.shape[0]), settled_rows)
    return open_rows, np.flatnonzero(~np.isin(issues, settled))


def _within_budget(found: Floats, rows: Indices, columns: Indices, budget: int | None) -> tuple[Indices, Indices, int]:
    """Return rows, columns and posts a group to look at; what resembles the day most comes first, 0 posts for none."""
    if not len(rows) or not len(columns):
        return rows, columns, 0
    if budget is None:
        return rows, columns, MOST_REPRESENTATIVES
    # One post says little about a group: rather fewer groups with two each.
    room = budget // 2 - len(rows)
    if room <= 0:
        return rows, columns, 0
    nearest = columns[np.argsort(-found[np.ix_(rows, columns)].max(axis=0), kind="stable")]
    columns = np.sort(nearest[:room])
    return rows, columns, min(MOST_REPRESENTATIVES, budget // (len(rows) + len(columns)))
