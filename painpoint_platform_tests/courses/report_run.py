"""A small run as frames, to draw and to render: three courses, two themes, one cluster without a theme."""

import polars as pl

STAGE2 = {
    "run_id": "embedded_s2_cluster_corpus_20250106T090000Z",
    "run_slug": "embedded_s2_cluster_corpus",
    "model_name": "embedded/v1",
    "prompt_name": "course_clusters",
    "prompt_version": "v1",
    "prompt_sha256": "ab" * 32,
    "created_at": "2025-01-06T09:00:00Z",
    "total_calls": 3,
    "total_prompt_tokens": 1_200,
    "total_completion_tokens": 300,
    "total_cost_usd": 0.5,
    "wallclock_s": 4.25,
    "rows_read": 12,
    "drop_reasons": {"not_a_painpoint": 6, "undecided": 1, "llm_failure": 0},
    "source_stage1_run": {"run_slug": "corpus", "model": "gpt-5-mini", "prompt": "optimal"},
    "courses": [{"course_code": "C 101", "status": "repaired", "findings": ["post p4 was missing"]}],
}
STAGE3 = {
    "run_id": "embedded_s3_global_corpus_20250106T090010Z",
    "stage3_run_slug": "embedded_s3_global_corpus",
    "model_name": "embedded/v1",
    "total_cost_usd": 0.25,
    "batches": [{"status": "ok"}, {"status": "failed", "reason": "no answer in time"}],
    "new_labels": ["voucher_policy"],
}


def run_frames(said: str = "") -> dict[str, pl.DataFrame]:
    """The arguments of ``render_course_report`` that are frames; ``said`` is appended to every text in them."""
    clusters = rows(
        ["cluster_id", "course_code", "course_title", "issue_summary", "num_posts"],
        ("C 101_1", "C 101", "Calculus" + said, "Practice test does not match the exam" + said, 2),
        ("C 101_2", "C 101", "Calculus" + said, "Videos do not play" + said, 1),
        ("D200_1", "D200", "Data" + said, "Exam asks what was not taught" + said, 1),
        ("E300_1", "E300", "Ethics" + said, "It is all so vague" + said, 1),
    )
    cluster_posts = rows(
        ["cluster_id", "course_code", "post_id"],
        ("C 101_1", "C 101", "p1"),
        ("C 101_1", "C 101", "p2"),
        ("C 101_2", "C 101", "p2"),
        ("D200_1", "D200", "p3"),
        ("E300_1", "E300", "p4" + said),
    )
    painpoints = rows(
        ["post_id", "course_code", "root_cause_summary", "pain_point_snippet", "confidence"],
        ("p1", "C 101", "Practice test is easier" + said, "the exam was nothing like the practice test" + said, 0.9),
        ("p2", "C 101", "Videos and tests are outdated" + said, "half the videos are gone" + said, 0.75),
        ("p3", "D200", "Exam asks what was not taught" + said, "never saw this before the exam" + said, None),
        ("p4" + said, "E300", "Vague" + said, "what even is this" + said, 0.6),
    )
    themes = rows(
        [
            "global_cluster_id",
            "provisional_label",
            "normalized_issue_label",
            "family",
            "short_description",
            "total_num_posts",
            "num_distinct_posts",
            "num_clusters",
            "num_courses",
        ],
        ("G001", "exams do not match" + said, "assessment" + said, "family" + said, "They differ." + said, 3, 3, 2, 2),
        ("G002", "materials are broken" + said, "materials", None, "They do not open." + said, 1, 1, 1, 1),
    )
    assignments = rows(
        ["cluster_id", "course_code", "global_cluster_id"],
        ("C 101_1", "C 101", "G001"),
        ("D200_1", "D200", "G001"),
        ("C 101_2", "C 101", "G002"),
        ("E300_1", "E300", "UNASSIGNED"),
    )
    colleges = rows(
        ["course_code", "course_title", "colleges"],
        ("C 101", "Calculus", ["School of Technology" + said, "School of Business"]),
        ("D200", "Data", ["School of Technology" + said]),
    )
    return {
        "themes": themes,
        "assignments": assignments,
        "clusters": clusters,
        "cluster_posts": cluster_posts,
        "painpoints": painpoints,
        "colleges": colleges,
    }


def many_clusters(count: int) -> dict[str, pl.DataFrame]:
    """A run of ``count`` clusters with a post or two each, in courses of eight clusters and 200 themes."""
    number = pl.int_range(count, eager=True)
    text = pl.lit("The practice test covers other objectives than the exam, so that nobody knows what to learn. " * 2)
    clusters = pl.DataFrame({"number": number}).select(
        cluster_id=pl.format("C{}_{}", pl.col("number") // 8, pl.col("number")),
        course_code=pl.format("C{}", pl.col("number") // 8),
        course_title=pl.format("Course {}", pl.col("number") // 8),
        issue_summary=pl.format("{} {}", text, pl.col("number")),
        num_posts=1 + pl.col("number") % 2,
    )
    cluster_posts = (
        clusters.with_columns(copy=pl.int_ranges(pl.col("num_posts")))
        .explode("copy")
        .select("cluster_id", "course_code", post_id=pl.format("{}p{}", "cluster_id", "copy"))
    )
    painpoints = cluster_posts.select(
        "post_id", "course_code", confidence=pl.lit(0.9), root_cause_summary=text, pain_point_snippet=text
    )
    assignments = clusters.select(
        "cluster_id", "course_code", global_cluster_id=pl.format("G{}", pl.int_range(pl.len()) % 200)
    )
    themes = (
        assignments.join(clusters, on="cluster_id")
        .group_by("global_cluster_id")
        .agg(
            total_num_posts=pl.col("num_posts").sum(),
            num_distinct_posts=pl.col("num_posts").sum(),
            num_clusters=pl.len(),
            num_courses=pl.col("course_code").n_unique(),
        )
        .with_columns(
            pl.lit("practice tests that cover other objectives").alias("provisional_label"),
            pl.lit("assessment_material_misalignment").alias("normalized_issue_label"),
            pl.lit("assessment_material_misalignment").alias("family"),
            pl.lit("Tests and exams differ.").alias("short_description"),
        )
    )
    colleges = clusters.select("course_code", "course_title").unique().with_columns(colleges=pl.lit(["School of Art"]))
    return {
        "themes": themes,
        "assignments": assignments,
        "clusters": clusters,
        "cluster_posts": cluster_posts,
        "painpoints": painpoints,
        "colleges": colleges,
    }


def rows(columns: list[str], *values: tuple[object, ...]) -> pl.DataFrame:
    return pl.DataFrame(list(values), schema=columns, orient="row")
