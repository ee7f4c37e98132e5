"""The payload of the map: the day's clusters and where its posts lie.

Belongs here: which posts there is room for. Does not belong here: their places (``issues.clustering``), the page
(``site/map.html``).
"""

from typing import Any

import polars as pl

from painpoint_platform.report.reading import COLUMNS, Contents, columnar
from painpoint_platform.report.sizes import MAP_ITEMS_BYTES, within

CLUSTER = tuple(name for name in COLUMNS["map_clusters"] if name != "cluster_id")
ITEM = ("x", "y", "cluster", "title")


def map_payload(contents: Contents) -> dict[str, Any]:
    """Return the clusters and, as far as there is room, their posts: the most central ones of each, then noise.

    An item's ``cluster`` is its place among the clusters, -1 for noise.
    """
    clusters, items = contents.rows["map_clusters"], contents.rows["map_items"]
    places = clusters.select("cluster_id").with_row_index("cluster").with_columns(pl.col("cluster").cast(pl.Int64))
    placed = items.join(places, on="cluster_id", how="left", maintain_order="left").with_columns(
        pl.col("cluster").fill_null(-1)
    )
    shown = within(placed, list(ITEM), MAP_ITEMS_BYTES).sort("cluster", "place")
    return {
        "day": str(contents.day) if contents.day else None,
        "clusters": columnar(clusters.select(CLUSTER)),
        "items": columnar(shown.select(ITEM)),
    }
