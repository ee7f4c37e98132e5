"""The payload of the map: the day's issues and where its posts lie.

Belongs here: which posts there is room for. Does not belong here: their places (``issues.clustering``), the page
(``site/map.html``).
"""

from typing import Any

import polars as pl

from painpoint_platform.report.reading import COLUMNS, Contents, columnar
from painpoint_platform.report.sizes import MAP_ITEMS_BYTES, within

CLUSTER = tuple(name for name in COLUMNS["map_clusters"] if name != "cluster_ids")
ITEM = ("x", "y", "cluster", "title")


def map_payload(contents: Contents) -> dict[str, Any]:
    """Return the issues and, as far as there is room, their posts: the most central ones of each cluster, then noise.

    Two clusters of a day can be one issue. An item's ``cluster`` is the place of its issue, -1 for noise.
    """
    clusters, items = contents.rows["map_clusters"], contents.rows["map_items"]
    places = clusters.select(
        pl.int_range(pl.len()).alias("cluster"), pl.col("cluster_ids").alias("cluster_id")
    ).explode("cluster_id")
    placed = items.join(places, on="cluster_id", how="left", maintain_order="left").with_columns(
        pl.col("cluster").fill_null(-1)
    )
    shown = within(placed, list(ITEM), MAP_ITEMS_BYTES).sort("cluster", "place")
    return {
        "day": str(contents.day) if contents.day else None,
        "clusters": columnar(clusters.select(CLUSTER)),
        "items": columnar(shown.select(ITEM)),
    }
