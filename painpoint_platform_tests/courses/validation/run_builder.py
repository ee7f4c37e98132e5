"""Run folders of Stage 2 and Stage 3, written by hand: ours, and such as other software leaves.

Nothing here uses the code that writes or reads runs; the validators are tested against it.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from painpoint_platform.courses.taxonomy import taxonomy_path

CORPUS = "gpt_s1_full"
STAGE2_SLUG = f"gpt-5-mini_s2_cluster_{CORPUS}"
STAGE2_RUN_ID = f"{STAGE2_SLUG}_20251130T080000Z"
PROMPT = "Group the posts by root cause.\n"

TITLES = {"C949": "Data Structures", "D072": "Fundamentals for Success", "D196": "Principles of Accounting"}
# course -> (post, summary, snippet); p1 is about two courses, and snippets are what students write.
POSTS: Mapping[str, Sequence[tuple[str, str, str]]] = {
    "C949": [
        ("p1", "practice test unlike the exam", 'They said "it is close", it is not'),
        ("p2", "practice questions too easy", "OA was way harder,\nI failed"),
        ("p3", "lab environment crashes", "the lab froze; lost my work 😡"),
        ("p4", "lab does not save", "nothing was saved\r\nagain"),
        ("p5", "no answer from instructor", "waited 9 days"),
    ],
    "D072": [("p1", "rubric is unclear", "what does task 2 want?"), ("q2", "evaluators disagree", "sent back twice")],
    "D196": [("r1", "videos are missing", "half of the videos are 404")],
}
# course -> (number, summary, posts); p3 is in two clusters of its course.
CLUSTERS: Mapping[str, Sequence[tuple[int, str, Sequence[str]]]] = {
    "C949": [
        (1, "practice material does not match the exam", ["p1", "p2", "p3"]),
        (2, "unstable lab environment", ["p3", "p4"]),
        (3, "instructors do not answer", ["p5"]),
    ],
    "D072": [(1, "rubric and its evaluation are unclear", ["p1", "q2"])],
    "D196": [(1, "broken videos", ["r1"])],
}


def write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2), encoding="utf-8")


def write_csv(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([columns, *rows])
    path.write_text(text.getvalue(), encoding="utf-8", newline="")


@contextmanager
def edited_json(path: Path) -> Iterator[Any]:
    """Hand over what a JSON file holds, and write back what becomes of it."""
    value = json.loads(path.read_text(encoding="utf-8"))
    yield value
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2), encoding="utf-8")


@contextmanager
def edited_csv(path: Path) -> Iterator[list[list[str]]]:
    """Hand over the rows of a CSV file, the header first, and write back what becomes of them."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    yield rows
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def course_object(code: str) -> dict[str, Any]:
    """One course as section 6 of the source document shows it."""
    clusters = [
        {"cluster_id": f"{code}_{number}", "issue_summary": summary, "num_posts": len(posts), "post_ids": list(posts)}
        for number, summary, posts in CLUSTERS[code]
    ]
    total = len({post for _, _, posts in CLUSTERS[code] for post in posts})
    return {"course_code": code, "course_title": TITLES[code], "total_posts": total, "clusters": clusters}


def write_seed_files(run_dir: Path) -> None:
    """Write the files of a Stage-2 run that the source document names, but for the manifest."""
    for code in TITLES:
        write_json(run_dir / "clusters" / f"{code}.json", {"courses": [course_object(code)]})
        lines = [
            {"post_id": post, "root_cause_summary": summary, "pain_point_snippet": snippet}
            for post, summary, snippet in POSTS[code]
        ]
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (run_dir / f"painpoints_used_{code}.jsonl").write_text(text, encoding="utf-8")
    (run_dir / "stage2_prompt.txt").write_text(PROMPT, encoding="utf-8")


def write_painpoints(path: Path, *, confidence: bool) -> None:
    columns = ["post_id", "course_code", "root_cause_summary", "pain_point_snippet"]
    rows = [[post, code, *texts] for code, posts in POSTS.items() for post, *texts in posts]
    if confidence:
        write_csv(path, [*columns, "confidence_pred"], [[*row, "0.9"] for row in rows])
    else:
        write_csv(path, columns, rows)


def our_stage2(artifacts: Path) -> Path:
    """Write a run with everything that this project adds to the source document."""
    run_dir = artifacts / "stage2" / "runs" / STAGE2_SLUG
    write_seed_files(run_dir)
    write_painpoints(run_dir / "painpoints_llm_friendly.csv", confidence=True)
    write_painpoints(artifacts / "stage2" / "painpoints_llm_friendly.csv", confidence=True)
    write_csv(
        run_dir / "painpoint_clusters.csv",
        ["cluster_id", "course_code", "course_title", "issue_summary", "num_posts", "post_ids"],
        [
            [f"{code}_{number}", code, TITLES[code], summary, len(posts), ";".join(posts)]
            for code, clusters in CLUSTERS.items()
            for number, summary, posts in clusters
        ],
    )
    input_sha256 = hashlib.sha256((run_dir / "painpoints_llm_friendly.csv").read_bytes()).hexdigest()
    write_json(run_dir / "manifest.json", {**our_stage2_manifest(), "input_sha256": input_sha256})
    return run_dir


def our_stage2_manifest() -> dict[str, Any]:
    entries = [
        {
            "course_code": code,
            "course_title": title,
            "status": {"D072": "repaired", "D196": "failed"}.get(code, "ok"),
            "findings": [] if code == "C949" else ["post q2 was missing"],
            "num_painpoints": len(POSTS[code]),
            "num_clusters": len(CLUSTERS[code]),
            "calls": 2,
            "prompt_tokens": 500,
            "completion_tokens": 120,
            "cost_usd": None if code == "D196" else 0.0011,
            "latency_s": 2.5,
            "model": None if code == "D196" else "gpt-5-mini",
            "clusters_path": f"artifacts/stage2/runs/{STAGE2_SLUG}/clusters/{code}.json",
            "painpoints_path": f"artifacts/stage2/runs/{STAGE2_SLUG}/painpoints_used_{code}.jsonl",
        }
        for code, title in TITLES.items()
    ]
    return {
        "schema_version": "1.0",
        "run_id": STAGE2_RUN_ID,
        "run_slug": STAGE2_SLUG,
        "corpus_tag": CORPUS,
        "created_at": "2025-11-30T08:00:00Z",
        "model_name": "gpt-5-mini",
        "prompt_name": "course_clusters",
        "prompt_version": "v1",
        "prompt_template_path": "prompts/course_clusters/v1.md",
        "prompt_sha256": sha256(PROMPT),
        "input_sha256": sha256("the CSV"),
        "fingerprint": sha256("everything"),
        "painpoints_csv": "artifacts/stage2/painpoints_llm_friendly.csv",
        "source_stage1_run": {"run_slug": CORPUS, "model": None, "prompt": None},
        "rows_read": 20,
        "rows_written": 8,
        "drop_reasons": {"duplicate": 1, "not_a_painpoint": 10, "unknown_course": 1},
        "num_courses": 3,
        "num_clusters": 5,
        "total_painpoints": 8,
        "num_ok": 1,
        "num_repaired": 1,
        "num_failed": 1,
        "wallclock_s": 6.2,
        "total_cost_usd": 0.0022,
        "total_calls": 6,
        "total_prompt_tokens": 1500,
        "total_completion_tokens": 360,
        "git_commit": None,
        "courses": entries,
    }


def foreign_stage2(artifacts: Path, manifest: Mapping[str, Any] | None = None) -> Path:
    """Write a run of other software: only what the source document asks for, and field names of its own."""
    run_dir = artifacts / "stage2" / "runs" / f"{STAGE2_SLUG}_20251126_080011"
    write_seed_files(run_dir)
    write_painpoints(artifacts / "stage2" / "painpoints_llm_friendly.csv", confidence=False)
    write_json(run_dir / "manifest.json", foreign_stage2_manifest() if manifest is None else manifest)
    return run_dir


def foreign_stage2_manifest() -> dict[str, Any]:
    return {
        "schema_version": "1.0.0",
        "stage2_run_dir": f"artifacts/stage2/runs/{STAGE2_SLUG}_20251126_080011",
        "stage2_run_slug": STAGE2_SLUG,
        "painpoints_csv_path": "artifacts/stage2/painpoints_llm_friendly.csv",
        "cluster_model_name": "gpt-5-mini",
        "cluster_prompt_path": "prompts/cluster.txt",
        "num_courses": 3,
        "total_painpoints": 8,
        "num_cluster_calls": 3,
        "started_at_epoch": 1764144011.2,
        "wallclock_sec": 21.4,
        "total_cost_usd": 0.003,
        "per_course": {
            code: {
                "course_code": code,
                "num_clusters": len(CLUSTERS[code]),
                "num_painpoints": len(POSTS[code]),
                "cluster_file": f"/home/someone/run/clusters/{code}.json",
                "llm_total_cost_usd": 0.001,
                "llm_elapsed_sec": 7.1,
            }
            for code in TITLES
        },
    }


STAGE3_SLUG = f"gpt-5-mini_s3_global_{CORPUS}"
STAGE3_RUN_ID = f"{STAGE3_SLUG}_20251130T081500Z"
STAGE3_DIR = f"artifacts/stage3/runs/{STAGE3_SLUG}"
# phrase, label, sentence, members; 5, 2 and 1 (post, cluster) pairs, the last label is not in the taxonomy.
THEMES: Sequence[tuple[str, str, str, Sequence[str]]] = [
    (
        "practice material and rubric do not match the assessment", "assessment_material_misalignment",
        "Practice is easier than the exam.", ["C949_1", "D072_1"],
    ),
    ("unstable lab environment", "platform_or_environment_failures", "The lab loses work.", ["C949_2"]),
    ("broken videos", "video_hosting_failures", "Half of the videos cannot be opened.", ["D196_1"]),
]  # fmt: skip
UNASSIGNED = ["C949_3"]
SIZES = {f"{code}_{number}": posts for code, clusters in CLUSTERS.items() for number, _, posts in clusters}
RUN_COLUMNS = ["schema_version", "stage3_run_id", "stage3_run_slug", "stage3_run_dir"]


def theme_rows(*, ours: bool) -> list[tuple[str, str, str, list[str]]]:
    """(theme id, label, phrase, members) of every theme, and of what is in none."""
    themes = [(f"G{number:03d}", label, phrase, list(ids)) for number, (phrase, label, _, ids) in enumerate(THEMES, 1)]
    return [*themes, ("UNASSIGNED" if ours else "none", "", "", UNASSIGNED)]


def write_stage3_tables(run_dir: Path, name: Sequence[str], *, ours: bool) -> None:
    """Write the index files; ``name`` are the values of the columns that every row begins with."""
    clusters: list[Sequence[object]] = []
    posts: list[Sequence[object]] = []
    for theme_id, label, phrase, ids in theme_rows(ours=ours):
        courses, pairs = {each.split("_")[0] for each in ids}, sum(len(SIZES[each]) for each in ids)
        clusters += [[*name, each, theme_id, label, phrase, pairs, len(courses)] for each in ids]
        if ours or label:
            posts += [[*name, post, each.split("_")[0], each, theme_id, label] for each in ids for post in SIZES[each]]
    write_csv(
        run_dir / "cluster_global_index.csv",
        [*RUN_COLUMNS, "cluster_id", "global_cluster_id", "normalized_issue_label", "provisional_label",
         "total_num_posts", "num_courses"],
        clusters,
    )  # fmt: skip
    write_csv(
        run_dir / "post_global_index.csv",
        [*RUN_COLUMNS, "post_id", "course_code", "cluster_id", "global_cluster_id", "normalized_issue_label"],
        posts,
    )


def themes_object() -> dict[str, Any]:
    """The themes as section 6 of the source document shows them."""
    keys = ("provisional_label", "normalized_issue_label", "short_description", "member_cluster_ids")
    return {
        "global_clusters": [dict(zip(keys, theme, strict=True)) for theme in THEMES],
        "unassigned_clusters": UNASSIGNED,
    }


def our_stage3(artifacts: Path) -> Path:
    """Write a run with everything that this project adds, its Stage-2 run, and its diagnostics."""
    our_stage2(artifacts)
    run_dir = artifacts / "stage3" / "runs" / STAGE3_SLUG
    name = ["1.0", STAGE3_RUN_ID, STAGE3_SLUG, STAGE3_DIR]
    write_json(run_dir / "global_clusters.json", themes_object())
    write_stage3_tables(run_dir, name, ours=True)
    write_csv(
        run_dir / "global_clusters_summary.csv",
        [*RUN_COLUMNS, "global_cluster_id", "provisional_label", "normalized_issue_label", "family",
         "short_description", "total_num_posts", "num_distinct_posts", "num_clusters", "num_courses"],
        [
            [*name, f"G{number:03d}", phrase, label, "", sentence, sum(len(SIZES[each]) for each in ids),
             len({post for each in ids for post in SIZES[each]}), len(ids), len({each[:4] for each in ids})]
            for number, (phrase, label, sentence, ids) in enumerate(THEMES, 1)
        ],
    )  # fmt: skip
    (run_dir / "stage3_prompt.txt").write_text(PROMPT, encoding="utf-8")
    (run_dir / "llm_batches.jsonl").write_text('{"batch": 1}\n{"batch": 2}\n', encoding="utf-8")
    write_json(run_dir / "manifest.json", our_stage3_manifest())
    write_eval(artifacts / "stage3" / "eval" / STAGE3_SLUG, name)
    return run_dir


def write_eval(folder: Path, name: Sequence[str]) -> None:
    rows = theme_rows(ours=True)
    write_csv(
        folder / "cluster_global_alignment_long.csv",
        [*RUN_COLUMNS, "cluster_id", "global_cluster_id", "normalized_issue_label", "post_count"],
        [[*name, each, theme_id, label, len(SIZES[each])] for theme_id, label, _, ids in rows for each in ids],
    )
    write_csv(
        folder / "global_issue_coverage.csv",
        [*RUN_COLUMNS, "normalized_issue_label", "global_cluster_id", "total_posts", "num_clusters"],
        [[*name, label, theme_id, sum(len(SIZES[each]) for each in ids), len(ids)] for theme_id, label, _, ids in rows],
    )
    write_csv(
        folder / "cluster_issue_coverage.csv",
        [*RUN_COLUMNS, "cluster_id", "dominant_global_cluster_id", "dominant_normalized_issue_label",
         "dominant_issue_post_count", "total_posts", "purity"],
        [[*name, each, theme_id, label, len(SIZES[each]), len(SIZES[each]), 1.0]
         for theme_id, label, _, ids in rows for each in ids],
    )  # fmt: skip


def our_stage3_manifest() -> dict[str, Any]:
    batches = [
        {
            "batch": number, "status": status, "reason": reason, "num_clusters": size, "num_groups": 2,
            "num_unassigned": 1, "model": "gpt-5-mini", "calls": 1, "prompt_tokens": 900, "completion_tokens": 200,
            "cost_usd": 0.002, "latency_s": 4.0, "omitted_cluster_ids": [], "unknown_ids_dropped": [],
        }
        for number, status, reason, size in ((1, "ok", None, 3), (2, "failed", "no JSON", 2))
    ]  # fmt: skip
    stage2_dir = f"artifacts/stage2/runs/{STAGE2_SLUG}"
    return {
        "schema_version": "1.0",
        "run_id": STAGE3_RUN_ID,
        "run_slug": STAGE3_SLUG,
        "stage3_run_slug": STAGE3_SLUG,
        "stage3_run_dir": STAGE3_DIR,
        "created_at": "2025-11-30T08:15:00+00:00",
        "source_stage2_run": {
            "run_id": STAGE2_RUN_ID,
            "stage2_run_dir": stage2_dir,
            "stage2_run_slug": STAGE2_SLUG,
            "manifest_path": f"{stage2_dir}/manifest.json",
        },
        "clusters_llm_csv": f"artifacts/stage3/preprocessed/{STAGE2_SLUG}/clusters_llm.csv",
        "model_name": "gpt-5-mini",
        "models": ["gpt-5-mini"],
        "prompt_name": "global_themes",
        "prompt_version": "v1",
        "prompt_template_path": "prompts/global_themes/v1.md",
        "prompt_sha256": sha256(PROMPT),
        "taxonomy_path": "taxonomy.csv",
        "taxonomy_sha256": hashlib.sha256(taxonomy_path().read_bytes()).hexdigest(),
        "fingerprint": sha256("everything"),
        "batch_size": 3,
        "context_tokens": None,
        "num_input_clusters": 5,
        "num_global_clusters": 3,
        "num_unassigned_clusters": 1,
        "num_normalized_labels": 3,
        "total_input_posts": 9,
        "num_distinct_posts": 7,
        "num_courses": 3,
        "num_batches": 2,
        "num_failed_batches": 1,
        "wallclock_s": 8.1,
        "total_cost_usd": 0.004,
        "total_calls": 2,
        "total_prompt_tokens": 1800,
        "total_completion_tokens": 400,
        "total_latency_s": 8.0,
        "git_commit": None,
        "new_labels": ["video_hosting_failures"],
        "unassigned_clusters": UNASSIGNED,
        "batches": batches,
    }


def foreign_stage3(artifacts: Path) -> Path:
    """Write a run of other software over a legacy Stage-2 run without id: only what the source document asks for."""
    stage2 = foreign_stage2(artifacts)
    slug = f"{STAGE3_SLUG}_20251130_084422"
    run_dir = artifacts / "stage3" / "runs" / slug
    content = themes_object()
    for number, theme in enumerate(content["global_clusters"], 1):
        ids = theme["member_cluster_ids"]
        theme |= {
            "global_cluster_id": f"G{number:03d}",
            "total_num_posts": sum(len(SIZES[each]) for each in ids),
            "num_clusters": len(ids),
            "num_courses": len({each[:4] for each in ids}),
        }
    write_json(run_dir / "global_clusters.json", content)
    write_stage3_tables(run_dir, ["1.0.0", slug, slug, str(run_dir)], ours=False)
    write_json(
        run_dir / "manifest.json",
        {
            "schema_version": "1.0.0",
            "run_id": slug,
            "stage3_run_slug": slug,
            "stage3_run_dir": f"artifacts/stage3/runs/{slug}",
            "source_stage2_run": {
                "run_id": None,
                "stage2_run_dir": f"artifacts/stage2/runs/{stage2.name}",
                "stage2_run_slug": stage2.name,
                "manifest_path": f"artifacts/stage2/runs/{stage2.name}/manifest.json",
            },
            "global_model_name": "gpt-5-mini",
            "num_input_clusters": 5,
            "num_global_clusters": 3,
            "num_unassigned_clusters": 1,
            "total_input_posts": 7,
            "wallclock_sec": 580.46,
            "total_cost_usd": 0.02,
        },
    )
    return run_dir
