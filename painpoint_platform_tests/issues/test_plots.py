"""Pictures: they can be opened, stay small, and strange titles do not break them."""

import io

import numpy as np
import polars as pl
import pytest
from PIL import Image

from painpoint_platform.issues.plots import plot_cluster_map, plot_cluster_sizes

MOST_BYTES = 80_000


def opened(png: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(png))
    picture.load()
    return picture


def is_drawn(picture: Image.Image) -> bool:
    """Whether there is anything on it."""
    return len(picture.convert("RGB").getcolors(100_000) or []) > 1


def points(count: int, clusters: int) -> pl.DataFrame:
    random = np.random.default_rng(5)
    return pl.DataFrame(
        {
            "cluster_id": random.integers(-1, clusters, count).astype(np.int32),
            "map_x": random.normal(size=count).astype(np.float32),
            "map_y": random.normal(size=count).astype(np.float32),
        }
    )


def test_the_map_of_a_large_day_stays_small() -> None:
    png = plot_cluster_map(points(10_000, 200), {index: f"problem {index}" for index in range(200)})
    assert opened(png).width > 600
    assert len(png) < MOST_BYTES


@pytest.mark.parametrize("title", ["", "$x^", "日本語の題名", "a" * 500, "line\nbreak", "\\frac{", "🙂 emoji"])
def test_any_title_can_be_drawn(title: str) -> None:
    frame = points(60, 3)
    picture = opened(plot_cluster_map(frame, dict.fromkeys(range(3), title)))
    untitled = opened(plot_cluster_map(frame, {}))
    assert picture.size == untitled.size
    assert (picture.tobytes() == untitled.tobytes()) is (title == "")


def test_clusters_are_told_apart_by_colour() -> None:
    frame = points(300, 2).with_columns(map_x=pl.col("map_x") + 5 * pl.col("cluster_id"))
    seen = {colour for _, colour in opened(plot_cluster_map(frame, {})).convert("RGB").getcolors(100_000) or []}
    blues = [colour for colour in seen if isinstance(colour, tuple) and colour[2] > 140 > colour[0]]
    oranges = [colour for colour in seen if isinstance(colour, tuple) and colour[0] > 200 > colour[2] + 80]
    assert blues
    assert oranges


@pytest.mark.parametrize(("sizes", "noise"), [([], 0), ([], 12), ([5], 0), (list(range(400, 5, -1)), 9_000)])
def test_sizes_of_any_day_can_be_drawn(sizes: list[int], noise: int) -> None:
    png = plot_cluster_sizes(sizes, noise)
    assert len(png) < MOST_BYTES
    assert is_drawn(opened(png))


def test_a_day_of_noise_alone_has_a_map() -> None:
    assert is_drawn(opened(plot_cluster_map(points(10, 3).with_columns(cluster_id=pl.lit(-1)), {})))
