"""``painpoint stage2 validate``: every finding about the folder of a Stage-2 run, whoever wrote it.

Belongs here: which files a run has, and whether they agree with each other. Does not belong here: what the manifest, a
cluster file and the pain points must say taken by themselves (``stage2_manifest``, ``stage2_clusters``,
``stage2_posts``).

The rules are those of the source document of Stage 2, sections 5 to 7. A run of other software is held to them, and to
nothing that only this project writes; a run of ours is held to both.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from painpoint_platform.courses.run_folder import MANIFEST
from painpoint_platform.courses.validation.findings import NOTHING, WHOLE_FILE, Finding, Findings, Say, Words
from painpoint_platform.courses.validation.manifest_fields import (
    first_of,
    is_filled,
    judge_digest,
    judge_prompt,
    judge_total,
)
from painpoint_platform.courses.validation.run_files import TEMPORARY, RunFiles, located
from painpoint_platform.courses.validation.stage2_clusters import ReadCourse, judge_course
from painpoint_platform.courses.validation.stage2_manifest import Stage2Manifest, judge_stage2_manifest
from painpoint_platform.courses.validation.stage2_posts import (
    PAINPOINTS,
    PainpointsCsv,
    Posts,
    belongs_to_another_corpus,
    find_painpoints_csv,
    judge_painpoints_csv,
    judge_posts,
    judge_snapshot,
    judge_snapshot_rows,
)
from painpoint_platform.courses.validation.stage2_table import judge_clusters_table

CLUSTERS = "clusters"
PROMPT = "stage2_prompt.txt"
SNAPSHOT = "painpoints_used_"
PAINPOINTS_PATH_NAMES = ("painpoints_csv", "painpoints_csv_path")


@dataclass(frozen=True)
class _Run:
    """A run as far as it could be read.

    Attributes:
        found: takes the findings.
        manifest: its manifest.
        stems: course code -> name of the course's files without prefix and suffix.
        courses: course code -> its clusters.
        snapshots: course code -> what was sent about it; None where that cannot be read.
        table: the pain points' CSV; None where there is none to judge by.
    """

    found: Findings
    manifest: Stage2Manifest
    stems: Mapping[str, str]
    courses: Mapping[str, ReadCourse]
    snapshots: Mapping[str, Posts | None]
    table: PainpointsCsv | None


def validate_stage2(run_dir: Path, *, say: Say = lambda _: None) -> list[Finding]:
    """Judge the folder of a Stage-2 run.

    Args:
        run_dir: the folder, ``artifacts/stage2/runs/<run_slug>`` or a copy of it anywhere.
        say: told what is no finding but limits what could be judged.

    Returns:
        Every finding; none for a good run.

    Raises:
        UserError: there is nothing at ``run_dir``.
    """
    found = Findings()
    files = RunFiles(run_dir, found)
    if not files.is_folder():
        return found.listed()
    names = files.names()
    manifest = judge_stage2_manifest(files)
    judge_prompt(files, PROMPT, manifest.fields)
    stems = file_stems(files, names, manifest)
    courses = judge_courses(files, manifest, stems)
    snapshots = {code: judge_snapshot(files, f"{SNAPSHOT}{stem}.jsonl", code) for code, stem in stems.items()}
    run = _Run(found, manifest, stems, courses, snapshots, _painpoints(files, manifest, snapshots, say))
    _judge_missing_courses(run)
    _judge_agreement(run)
    _judge_counts(run)
    judge_clusters_table(files, names, courses.values(), ours=manifest.ours)
    return found.listed()


def file_stems(files: RunFiles, names: Iterable[str], manifest: Stage2Manifest) -> Mapping[str, str]:
    """Return course code -> name of the course's files without prefix and suffix, and report files of no course.

    The manifest says which courses there are; where it does not, the files do.
    """
    in_clusters = files.names(CLUSTERS)
    clusters = _by_stem(in_clusters, f"{CLUSTERS}/", ".json")
    snapshots = _by_stem(names, SNAPSHOT, ".jsonl")
    if manifest.entries is None:
        stems = {stem: stem for stem in sorted(clusters.keys() | snapshots.keys())}
    else:
        stems = {entry.code: entry.stem for entry in manifest.entries.values()}
    known = set(stems.values())
    orphans = [name for name in in_clusters if name not in clusters.values() and "/." not in name]
    orphans += [name for by_stem in (clusters, snapshots) for stem, name in by_stem.items() if stem not in known]
    for name in orphans:
        if not TEMPORARY.search(name):
            files.found.add(
                name, WHOLE_FILE, "no_orphan_files", Words("a file of no course"),
                f"expected only files of the courses that {MANIFEST} lists; remove it or restore the manifest",
            )  # fmt: skip
    return stems


def _by_stem(names: Iterable[str], prefix: str, suffix: str) -> Mapping[str, str]:
    return {
        name.removeprefix(prefix).removesuffix(suffix): name
        for name in names
        if name.startswith(prefix) and name.endswith(suffix)
    }


def judge_courses(files: RunFiles, manifest: Stage2Manifest, stems: Mapping[str, str]) -> Mapping[str, ReadCourse]:
    """Read and judge every course's clusters. A folder that is missing as a whole is one finding, not one a course."""
    if not files.has_folder(CLUSTERS) and (stems or manifest.count("num_courses") != 0):
        files.found.add(
            CLUSTERS, WHOLE_FILE, "file_is_there", NOTHING,
            "expected a folder with the clusters of every course; write the run again",
        )  # fmt: skip
        return {code: ReadCourse(f"{CLUSTERS}/{stem}.json", code, "", None) for code, stem in stems.items()}
    courses = {}
    for code, stem in stems.items():
        course = judge_course(files, f"{CLUSTERS}/{stem}.json", code, named_by_code=stem == code, ours=manifest.ours)
        title = manifest.entries[code].fields.get("course_title") if manifest.entries else None
        if is_filled(title) and course.title and title != course.title:
            files.found.add(
                course.file, "courses[0].course_title", "course_title_is_that_of_the_manifest", course.title,
                f"expected {title}, as {MANIFEST} says",
            )  # fmt: skip
        courses[code] = course
    return courses


def _painpoints(
    files: RunFiles, manifest: Stage2Manifest, snapshots: Mapping[str, Posts | None], say: Say
) -> PainpointsCsv | None:
    """Read the CSV that the run is to be judged by. One that other runs share may have been written anew since."""
    recorded = located(first_of(manifest.fields, PAINPOINTS_PATH_NAMES), files.root)
    file = find_painpoints_csv(files, recorded, ours=manifest.ours)
    if file is None:
        say(f"there is no {PAINPOINTS} for this run; its posts are judged by its {SNAPSHOT}… files alone")
        return None
    apart = Findings()
    table = judge_painpoints_csv(RunFiles(files.root, apart), file)
    if table is not None and belongs_to_another_corpus(table, snapshots):
        say(f"{file} lacks most posts of this run: it is of another corpus by now; the {SNAPSHOT}… files are judged by")
        return None
    files.found.extend(apart)
    if manifest.ours and table is not None and table.own and (content := files.content(file)) is not None:
        judge_digest(files.found.about(file), content, manifest.fields, "input_sha256")
    return table


def _judge_missing_courses(run: _Run) -> None:
    """Report courses of the CSV that the run leaves out, where it is the run's own CSV or the run counts as many."""
    if run.table is None:
        return
    whole = run.manifest.entries is None and run.manifest.count("num_courses") in (None, len(run.table.courses))
    for code in sorted(run.table.courses.keys() - run.stems.keys()) if run.table.own or whole else ():
        run.found.add(
            f"{CLUSTERS}/{code}.json", WHOLE_FILE, "file_is_there", NOTHING,
            f"expected clusters of {code}, which has {len(run.table.courses[code]):,} pain points in {run.table.file}",
        )  # fmt: skip


def _judge_agreement(run: _Run) -> None:
    """Hold clusters against what was sent, and what was sent against the CSV."""
    in_csv: Mapping[str, Posts] = run.table.courses if run.table else {}
    of_files = [*in_csv.items(), *((code, posts or {}) for code, posts in run.snapshots.items())]
    course_of = {post_id: code for code, posts in of_files for post_id in posts}
    for code, stem in run.stems.items():
        snapshot, file = run.snapshots[code], f"{SNAPSHOT}{stem}.jsonl"
        sources = {} if snapshot is None else {file: snapshot}
        if run.table is not None:
            sources[run.table.file] = in_csv.get(code, {})
            if snapshot is not None:
                judge_snapshot_rows(run.found, file, code, snapshot, run.table)
        judge_posts(run.found, run.courses[code], sources, course_of)


def _judge_counts(run: _Run) -> None:
    """Report counts of the manifest that are not those of the files; its sums over entries are judged with it."""
    found, stated = run.found.about(MANIFEST), run.manifest.fields
    if run.manifest.entries is None:
        judge_total(found, "num_courses", stated.get("num_courses"), len(run.stems), "courses with files")
    clusters = {code: len(course.clusters) for code, course in run.courses.items() if course.clusters is not None}
    posts = {code: len(posts) for code, posts in run.snapshots.items() if posts is not None}
    if len(clusters) == len(run.stems) and not run.manifest.entries_state("num_clusters"):
        total = sum(clusters.values())
        judge_total(found, "num_clusters", stated.get("num_clusters"), total, "the clusters of all files")
    # Other software may count the whole CSV when it was told to group some of its courses.
    in_csv = sum(map(len, run.table.courses.values())) if run.table else None
    if not run.manifest.ours and len(posts) == len(run.stems) and stated.get("total_painpoints") != in_csv:
        total = sum(posts.values())
        judge_total(found, "total_painpoints", stated.get("total_painpoints"), total, "posts of all files")
    for name, counts in (("num_clusters", clusters), ("num_painpoints", posts)):
        for code, entry in (run.manifest.entries or {}).items():
            if code in counts:
                judge_total(
                    found, name, entry.fields.get(name), counts[code], f"as the files of {code} have",
                    where=f"{entry.place}.",
                )  # fmt: skip
