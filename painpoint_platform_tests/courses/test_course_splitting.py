"""A course that exceeds the context is cut into the fewest parts, evenly filled, and nothing is cut off."""

from hypothesis import given, settings
from hypothesis import strategies as st

from painpoint_platform.courses.course_clusters import COURSE_CLUSTERS
from painpoint_platform.courses.course_splitting import CLUSTER_TOKENS, Part, parts
from painpoint_platform.llm.chat import ChatRequest, Message
from painpoint_platform.llm.tasks import user_json
from painpoint_platform.llm.tokens import prompt_token_bound


def posts(count: int, words: int = 30) -> list[dict[str, str]]:
    return [
        {"post_id": f"1k{n:04d}", "root_cause_summary": "unclear task " * 5, "pain_point_snippet": "why " * words}
        for n in range(count)
    ]


def cut(painpoints: list[dict[str, str]], context_tokens: int | None) -> list[Part]:
    return parts("D1", "Databases", painpoints, context_tokens)


def sizes(found: list[Part]) -> list[int]:
    return [len(part.painpoints) for part in found]


def prompt_tokens(part: Part) -> int:
    """What the budget counts for the same request."""
    request = ChatRequest(
        task=COURSE_CLUSTERS.name,
        system=COURSE_CLUSTERS.prompt.text,
        messages=(Message("user", user_json(COURSE_CLUSTERS.name, part.request.payload)),),
        reply_format=COURSE_CLUSTERS.reply_format,
        payload=part.request.payload,
        max_completion_tokens=0,
        timeout_s=1,
    )
    return prompt_token_bound(request)


def test_without_a_bound_and_with_a_large_one_a_course_is_one_call() -> None:
    for context in (None, 10**6):
        (part,) = cut(posts(60), context)
        assert part.request.payload == {"course_code": "D1", "course_title": "Databases", "painpoints": posts(60)}


def test_no_pain_points_are_no_call() -> None:
    assert cut([], 8192) == cut([], None) == []


def test_parts_are_the_fewest_and_evenly_filled() -> None:
    found = sizes(cut(posts(60), 8192))
    assert sum(found) == 60
    assert max(found) - min(found) <= 1
    most = max(n for n in range(1, 40) if len(cut(posts(n), 8192)) == 1)
    assert len(found) == -(-60 // most)


def test_the_order_of_posts_is_kept() -> None:
    found = [post["post_id"] for part in cut(posts(60), 8192) for post in part.painpoints]
    assert found == [post["post_id"] for post in posts(60)]


@settings(max_examples=15)
@given(
    counts=st.lists(st.integers(0, 400), min_size=1, max_size=25),
    context=st.integers(4_000, 16_000),
    letter=st.sampled_from(["why ", "é", "漢", '"'])
)  # fmt: skip
def test_every_request_fits_with_its_reply_and_a_second_attempt(counts: list[int], context: int, letter: str) -> None:
    painpoints = [
        {"post_id": f"p{n}", "root_cause_summary": "x", "pain_point_snippet": letter * count}
        for n, count in enumerate(counts)
    ]
    found = cut(painpoints, context)
    for part in found:
        reply = part.request.max_completion_tokens or 0
        assert reply >= CLUSTER_TOKENS * len(part.painpoints)
        assert prompt_tokens(part) + reply <= context
    left_out = {post["post_id"] for post in painpoints} - {p["post_id"] for part in found for p in part.painpoints}
    for post_id in left_out:
        alone = [post for post in painpoints if post["post_id"] == post_id]
        assert cut(alone, context) == []


def test_a_pain_point_that_does_not_fit_alone_is_in_no_part() -> None:
    giant = {"post_id": "giant", "root_cause_summary": "x", "pain_point_snippet": "word " * 20_000}
    found = cut([*posts(3), giant, *posts(5)[3:]], 8192)
    assert [post["post_id"] for part in found for post in part.painpoints] == [post["post_id"] for post in posts(5)]


def test_a_reply_is_no_longer_than_models_write() -> None:
    found = cut(posts(300), 10**6)
    assert sizes(found) == [100, 100, 100]
    assert all(CLUSTER_TOKENS * 100 < (part.request.max_completion_tokens or 0) <= 16_384 for part in found)
    assert sizes(cut(posts(300), None)) == [300]


def test_there_is_room_to_think_where_the_context_has_it() -> None:
    (large,), (small,) = cut(posts(1), 100_000), cut(posts(1), 3_600)
    assert (large.request.max_completion_tokens or 0) > 1_024 > (small.request.max_completion_tokens or 0)
