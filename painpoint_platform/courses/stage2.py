"""Pain points grouped within each course, by a model.

Belongs here: what is asked for a corpus and in which rounds, and what became of each course. Does not belong here: what
is asked of a model and what a reply is worth (``course_clusters``), cutting a course (``course_splitting``), files
(``stage2_folder``).

A course is one call. One that exceeds the context is several, whose clusters are then merged by the same task: a
cluster stands for its posts as a pain point would. All calls of a round, over all courses, are made at once.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest

import polars as pl

from painpoint_platform.courses.course_clusters import (
    COURSE_CLUSTERS,
    Cluster,
    CourseClusters,
    CourseClustersReply,
    Painpoint,
    assemble,
    numbered,
)
from painpoint_platform.courses.course_splitting import Part, parts
from painpoint_platform.courses.outages import refuse_outage
from painpoint_platform.llm.client import ModelClient
from painpoint_platform.llm.tasks import Answer, Usage
from painpoint_platform.progress import Progress
from painpoint_platform.text.redaction import redact

CourseAnswer = Answer[CourseClustersReply]

# What speaks for a cluster when clusters are merged: this much of a member's snippet, in characters.
SNIPPET_LENGTH = 160


def cluster_courses(
    painpoints: pl.DataFrame, *, client: ModelClient, progress: Progress | None = None
) -> list[CourseClusters]:
    """Group the pain points of every course; returns one entry a course, by course code.

    Args:
        painpoints: post_id, course_code, course_title, root_cause_summary, pain_point_snippet; one row a post and
            course.
        client: the models. Answers that it kept are not asked for again.
        progress: called with (requests done, requests) of the round that is under way.

    Raises:
        TransientError: no model answered for any course; what was there before stands.
        UserError: likewise, for a reason that a person must mend first, such as a wrong key.
    """
    courses = _courses(painpoints)
    asked = False
    while asking := [course for course in courses if course.plan(client.context_tokens)]:
        requests = [part.request for course in asking for part in course.planned]
        answers = client.ask_many(COURSE_CLUSTERS, requests, progress=progress)
        if not asked:
            refuse_outage(answers, asked_about="course")
        asked = True
        for course in asking:
            mine, answers = answers[: len(course.planned)], answers[len(course.planned) :]
            course.take(mine)
    return [course.result() for course in courses]


class _CourseAtWork:
    """A course between the first call and the last. Posts go by the ids that are sent, see ``_sent_ids``."""

    def __init__(self, code: str, title: str, painpoints: Sequence[Painpoint], real_ids: dict[str, str]) -> None:
        self._code, self._title = code, title
        self._painpoints, self._real_ids = painpoints, real_ids
        self._snippets = {post["post_id"]: post["pain_point_snippet"] for post in painpoints}
        self.planned: list[Part] = []
        self._clusters: list[Cluster] | None = None
        self._merging: dict[str, Cluster] = {}
        self._is_done = False
        self._has_failed = self._is_repaired = False
        self._findings: list[str] = []
        self._models: list[str] = []
        self._usage = Usage()

    def plan(self, context_tokens: int | None) -> bool:
        """Decide what the next round asks; False when there is nothing left to ask."""
        if self._is_done:
            return False
        waiting = self._painpoints
        if self._clusters is not None:
            self._merging = {f"group{number}": cluster for number, cluster in enumerate(self._clusters, 1)}
            waiting = [self._speaking_for(name, cluster) for name, cluster in self._merging.items()]
        self.planned = parts(self._code, self._title, waiting, context_tokens)
        if self._clusters is None:
            self._note_too_large(context_tokens)
        self._is_done = not self.planned
        return bool(self.planned)

    def take(self, answers: Sequence[CourseAnswer]) -> None:
        """Take the answers to ``planned``, in its order."""
        is_merge, before = self._clusters is not None, len(self._merging)
        for number, answer in enumerate(answers, 1):
            self._note(answer, "merging" if is_merge else "", number)
        found = [
            self._clusters_of(part, answer, is_merge=is_merge)
            for part, answer in zip(self.planned, answers, strict=True)
        ]
        asked = {post["post_id"] for part in self.planned for post in part.painpoints}
        left = [cluster for name, cluster in self._merging.items() if name not in asked]
        # Clusters of different parts side by side: a merge that takes several calls must not compare a part to itself.
        self._clusters = [*_interleaved(found), *left]
        is_last = len(self.planned) == 1 or (is_merge and len(self._clusters) >= before)
        self._is_done = is_last or self._has_failed or len(self._clusters) < 2

    def result(self) -> CourseClusters:
        """Return what became of the course, posts by their own ids."""
        clusters = numbered(self._code, self._painpoints, self._clusters or [])
        return CourseClusters(
            course_code=self._code,
            course_title=self._title,
            clusters=tuple(
                Cluster(
                    cluster.cluster_id, cluster.issue_summary, tuple(map(self._real_ids.__getitem__, cluster.post_ids))
                )
                for cluster in clusters
            ),
            status="failed" if self._has_failed else "repaired" if self._is_repaired else "ok",
            findings=tuple(self._findings),
            model=", ".join(dict.fromkeys(self._models)) or None,
            calls=self._usage.calls,
            prompt_tokens=self._usage.prompt_tokens,
            completion_tokens=self._usage.completion_tokens,
            cost_usd=self._usage.cost_usd,
            latency_s=self._usage.latency_s,
        )

    def _speaking_for(self, name: str, cluster: Cluster) -> Painpoint:
        snippet = self._snippets[cluster.post_ids[0]]
        return {
            "post_id": name,
            "root_cause_summary": cluster.issue_summary,
            "pain_point_snippet": snippet[:SNIPPET_LENGTH],
        }

    def _clusters_of(self, part: Part, answer: CourseAnswer, *, is_merge: bool) -> Sequence[Cluster]:
        """Return what an answer says. Without one, clusters stay as they are and posts are left to ``numbered``."""
        if answer.reply is None:
            return [self._merging[post["post_id"]] for post in part.painpoints] if is_merge else []
        clusters = assemble(self._code, self._title, part.painpoints, answer.reply).clusters
        if not is_merge:
            return clusters
        return [
            Cluster(
                cluster.cluster_id,
                cluster.issue_summary,
                tuple(dict.fromkeys(post_id for name in cluster.post_ids for post_id in self._merging[name].post_ids)),
            )
            for cluster in clusters
        ]

    def _note(self, answer: CourseAnswer, step: str, number: int) -> None:
        several = f"part {number} of {len(self.planned)}" if len(self.planned) > 1 else ""
        place = ", ".join(filter(None, (step, several)))
        found = [answer.failure_reason or "no answer"] if answer.reply is None else answer.findings
        self._findings += [f"{place}: {finding}" if place else finding for finding in found]
        self._has_failed |= answer.reply is None
        self._is_repaired |= answer.mended
        self._usage += answer.usage
        if answer.reply is not None and answer.model:
            self._models.append(answer.model)

    def _note_too_large(self, context_tokens: int | None) -> None:
        asked = {post["post_id"] for part in self.planned for post in part.painpoints}
        too_large = [self._real_ids[post_id] for post_id in self._snippets if post_id not in asked]
        self._is_repaired |= bool(too_large)
        self._findings += [
            f"post {post_id}: too large for the context of {context_tokens} tokens; not asked about, on its own"
            for post_id in too_large
        ]


def _courses(painpoints: pl.DataFrame) -> list[_CourseAtWork]:
    """The courses in the order in which people look for their codes: D72 before D196."""
    grouped = painpoints.group_by("course_code", maintain_order=True).agg(
        pl.col("course_title").first(), "post_id", "root_cause_summary", "pain_point_snippet"
    )
    courses = []
    for code, title, post_ids, *texts in sorted(grouped.iter_rows(), key=lambda row: human_order(row[0])):
        sent = _sent_ids(post_ids)
        rows = [
            {"post_id": post_id, "root_cause_summary": summary, "pain_point_snippet": snippet}
            for post_id, summary, snippet in zip(sent, *texts, strict=True)
        ]
        courses.append(_CourseAtWork(code, title, rows, dict(zip(sent, post_ids, strict=True))))
    return courses


def human_order(code: str) -> str:
    """Return a key that sorts numbers in codes by their value."""
    return re.sub(r"[0-9]+", lambda digits: digits[0].zfill(20), code)


def _sent_ids(post_ids: Sequence[str]) -> list[str]:
    """Return the ids that models get: the posts' own, but for those that would be masked and so become the same."""
    stand_ins = (name for number in range(1, 2 * len(post_ids) + 1) if (name := f"post{number}") not in set(post_ids))
    return [post_id if redact(post_id).text == post_id else next(stand_ins) for post_id in post_ids]


def _interleaved(lists: Iterable[Sequence[Cluster]]) -> list[Cluster]:
    return [cluster for tier in zip_longest(*lists) for cluster in tier if cluster is not None]
