"""Clients whose models lie on a loopback server, and pain points to ask them about."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from painpoint_platform.courses.painpoints import PAINPOINT_SCHEMA
from painpoint_platform.llm.client import Limits, ModelClient
from painpoint_platform.llm.endpoints import Endpoint, open_route
from painpoint_platform_tests.llm.model_server import ModelServer, Seen

LARGE_CONTEXT = 200_000


def painpoints(posts: Mapping[str, Sequence[str]], snippet: str = "the words of a student") -> pl.DataFrame:
    """Pain points by course; the cause of a post is the part of its id before the dash."""
    rows = [
        (post_id, code, f"Title of {code}", f"cause {post_id.split('-')[0]}", f"{snippet} {post_id}", 0.9)
        for code, post_ids in posts.items()
        for post_id in post_ids
    ]
    return pl.DataFrame(rows, schema=PAINPOINT_SCHEMA, orient="row")


def by_cause(seen: Seen) -> dict[str, Any]:
    """The right answer: one cluster a cause, whether posts are asked about or clusters that stand for them."""
    asked, groups = seen.user_json, dict[str, list[str]]()
    for post in asked["painpoints"]:
        groups.setdefault(post["root_cause_summary"], []).append(post["post_id"])
    clusters = [
        {
            "cluster_id": f"{asked['course_code']}_{number}",
            "issue_summary": cause,
            "num_posts": len(ids),
            "post_ids": ids,
        }
        for number, (cause, ids) in enumerate(groups.items(), 1)
    ]
    course = {"course_code": asked["course_code"], "course_title": asked["course_title"], "total_posts": 0}
    return {"courses": [{**course, "clusters": clusters}]}


@contextmanager
def client_of(server: ModelServer, folder: Path, *, context_tokens: int = LARGE_CONTEXT) -> Iterator[ModelClient]:
    """A client of one model, asked first and as the one that stands in; its answers are kept in ``folder``."""
    endpoint = Endpoint("openai/small", "LOCAL", server.base_url, "sk-key", context_tokens=context_tokens)
    client = ModelClient(
        open_route(endpoint, endpoint, _none),
        state_path=folder / "llm.sqlite",
        run_id="run",
        limits=Limits(timeout_s=20),
    )
    try:
        yield client
    finally:
        client.close()


def _none() -> Any:
    raise AssertionError("no test here embeds anything")
