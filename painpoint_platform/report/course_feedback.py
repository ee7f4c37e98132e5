"""The payload of the courses' page: for each corpus its courses, themes, clusters and what posts say.

Belongs here: arranging what was read. Does not belong here: the themes themselves (``courses``), the page
(``site/courses.html``).
"""

from typing import Any

import polars as pl

from painpoint_platform.report.reading import COLUMNS, Contents, columnar
from painpoint_platform.report.sizes import COURSE_SNIPPETS_BYTES, within


def courses_payload(contents: Contents) -> dict[str, Any]:
    """Return every corpus; of the snippets of each cluster the first ones, as far as there is room."""
    rows = contents.rows
    snippets = within(rows["course_snippets"], ["post_id", "text"], COURSE_SNIPPETS_BYTES)
    corpora = rows["courses"]["corpus"].unique(maintain_order=True).to_list()
    return {"corpora": [_corpus(contents, corpus, snippets) for corpus in corpora]}


def _corpus(contents: Contents, corpus: str, snippets: pl.DataFrame) -> dict[str, Any]:
    def part(name: str) -> dict[str, list[Any]]:
        own = contents.rows[name].filter(pl.col("corpus") == corpus)
        return columnar(own.select(column for column in COLUMNS[name] if column != "corpus"))

    said = snippets.group_by("corpus", "id", maintain_order=True).agg(snippets=pl.struct("post_id", "text"))
    clusters = contents.rows["course_clusters"].join(said, on=["corpus", "id"], how="left", maintain_order="left")
    told = clusters.filter(pl.col("corpus") == corpus).select("id", "course", "theme", "summary", "posts", "snippets")
    return {
        "corpus": corpus,
        "courses": part("courses"),
        "themes": part("themes"),
        "clusters": {
            one.pop("id"): {**one, "snippets": one["snippets"] or []} for one in told.to_dicts()
        },
    }  # fmt: skip
