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
