"""Pictures of a day's clusters, as PNG.

Belongs here: drawing. Does not belong here: reading the rows (``views``), where an item lies on the map
(``clusters.map_coordinates``).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from painpoint_platform.pages.pictures import as_png, new_figure

# Okabe and Ito's palette, which people with any colour vision can tell apart; repeated with other markers.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
NOISE_COLOUR = "#c8c8c8"
LABELLED_CLUSTERS = 10
LONGEST_LABEL = 34


def plot_cluster_sizes(sizes: Sequence[int], noise: int) -> bytes:
    """Draw the sizes of a day's clusters, largest first, as PNG.

    Args:
        sizes: items of each cluster.
        noise: items without a cluster.
    """
    figure = new_figure(8, 3.2)
    axes = figure.subplots()
    ordered = sorted(sizes, reverse=True)
    axes.bar(range(1, len(ordered) + 1), ordered, width=0.9, color=COLOURS[0])
    axes.set_xlabel("cluster, by size")
    axes.set_ylabel("items")
    total = sum(ordered) + noise
    share = f"{noise / total:.0%}" if total else "0 %"
    axes.set_title(f"{len(ordered)} clusters of {total:,} items; {noise:,} ({share}) in none", loc="left", fontsize=10)
    axes.margins(x=0.01)
    return as_png(figure, colours=32)


def plot_cluster_map(points: pl.DataFrame, titles: Mapping[int, str]) -> bytes:
    """Draw a day's items in two dimensions as PNG, coloured by cluster, the largest clusters with their titles.

    Args:
        points: a row an item: cluster_id (-1 = noise), map_x, map_y.
        titles: cluster_id -> title.
    """
    figure = new_figure(8.5, 5.8)
    axes = figure.subplots()
    noise = points.filter(pl.col("cluster_id") < 0)
    axes.scatter(noise["map_x"], noise["map_y"], s=5, c=NOISE_COLOUR, linewidths=0, label="noise")
    clustered = points.filter(pl.col("cluster_id") >= 0)
    for index, marker in enumerate(MARKERS):
        shown = clustered.filter(pl.col("cluster_id") // len(COLOURS) % len(MARKERS) == index)
        colours = [COLOURS[cluster % len(COLOURS)] for cluster in shown["cluster_id"]]
        axes.scatter(shown["map_x"], shown["map_y"], s=12, c=colours, marker=marker, linewidths=0, alpha=0.8)
    _label_largest(axes, clustered, titles)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_frame_on(False)
    axes.set_title("Items that mean the same lie together; grey ones belong to no cluster", loc="left", fontsize=10)
    return as_png(figure, colours=32)


def _label_largest(axes: Any, clustered: pl.DataFrame, titles: Mapping[int, str]) -> None:
    largest = (
        clustered.group_by("cluster_id")
        .agg(pl.len().alias("items"), pl.col("map_x").median(), pl.col("map_y").median())
        .sort("items", "cluster_id", descending=[True, False])
        .head(LABELLED_CLUSTERS)
        .sort("map_y")
    )
    if largest.is_empty():
        return
    low, high = axes.get_ylim()
    gap, previous = (high - low) / 26, low
    for row in largest.iter_rows(named=True):
        # Labels are pushed up where they would lie on each other; a thin line leads back to their cluster.
        height = max(row["map_y"], previous + gap)
        previous = height
        title = titles.get(row["cluster_id"], "")
        axes.annotate(
            _shortened(f"{title} ({row['items']})" if title else str(row["items"])),
            (row["map_x"], row["map_y"]),
            (row["map_x"], height),
            fontsize=7.5,
            ha="center",
            bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.8},
            arrowprops={"arrowstyle": "-", "linewidth": 0.5, "color": "#606060"},
            parse_math=False,
        )


def _shortened(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= LONGEST_LABEL else plain[: LONGEST_LABEL - 1].rstrip() + "…"
