"""What a model is asked about a course's pain points, and what becomes of its answer.

Belongs here: the ``course_clusters`` task: reply, rules, mending, and a reply as numbered clusters. Does not belong
here: how many calls a course takes (``course_splitting``), asking (``stage2``), files (``stage2_folder``).

A model groups; it does not keep books. Post counts, the order of clusters and, where they are no good, their ids are
computed here. No post that was sent is lost on the way, and none that was not sent gets in.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from painpoint_platform.courses.replies import one_line, strictly_shaped
from painpoint_platform.llm.tasks import Task
from painpoint_platform.wording import first_few

CourseStatus = Literal["ok", "repaired", "failed"]
# One of the ``painpoints`` of a payload: post_id, root_cause_summary, pain_point_snippet, all text.
Painpoint = Mapping[str, Any]

# Ids that one sentence names; a model that forgot more than these must compare for itself.
MOST_NAMED = 20
CLUSTER_NUMBER = re.compile(r"[0-9]{1,9}")
SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A course-side problem and the posts that report it; ``cluster_id`` is ``<course_code>_<integer>``."""

    cluster_id: str
    issue_summary: str
    post_ids: tuple[str, ...]

    @property
    def num_posts(self) -> int:
        """Posts in the cluster."""
        return len(self.post_ids)


@dataclass(frozen=True, slots=True)
class CourseClusters:
    """What became of a course.

    Attributes:
        course_code: code of the course.
        course_title: its title.
        clusters: by descending number of posts, then by number; together they hold every post of the course.
        status: ``ok``; ``repaired`` where no valid reply was to be had and the rest was mended; ``failed`` where no
            model answered, and posts stand on their own.
        findings: why the status is not ``ok``.
        model: the model that answered; None when none did.
        calls: calls that were paid for the course, retries and merges included, whenever that was.
        prompt_tokens: tokens sent in those calls.
        completion_tokens: tokens received.
        cost_usd: their price in US dollars; None where it is unknown.
        latency_s: seconds spent waiting for them, added up.
    """

    course_code: str
    course_title: str
    clusters: tuple[Cluster, ...]
    status: CourseStatus = "ok"
    findings: tuple[str, ...] = ()
    model: str | None = None
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None
    latency_s: float = 0.0

    @property
    def total_posts(self) -> int:
        """Distinct posts over all clusters."""
        return len({post_id for cluster in self.clusters for post_id in cluster.post_ids})


def _number_as_text(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _text_or_nothing(value: object) -> object:
    value = _number_as_text(value)
    return value if isinstance(value, str) and not SURROGATE.search(value) else ""


Text = Annotated[str, BeforeValidator(_number_as_text), WithJsonSchema({"type": "string"})]
# Whatever stands here, it is not worth asking again.
Bookkeeping = Annotated[str, BeforeValidator(_text_or_nothing), WithJsonSchema({"type": "string"})]


class ClusterReply(BaseModel):
    """One group of posts with a shared root cause."""

    model_config = ConfigDict(extra="ignore", json_schema_extra=strictly_shaped({"num_posts": "integer"}))

    cluster_id: Bookkeeping = Field("", description="Course code, an underscore and an integer")
    issue_summary: Text = Field(description="The root cause that the posts share, as one short phrase")
    post_ids: list[Text] = Field(description="Ids of the posts of the group")


class CourseReply(BaseModel):
    """The groups of one course."""

    model_config = ConfigDict(
        extra="ignore", json_schema_extra=strictly_shaped({"course_title": "string", "total_posts": "integer"})
    )

    course_code: Bookkeeping = Field("", description="The course_code of the request")
    clusters: list[ClusterReply]


class CourseClustersReply(BaseModel):
    """The pain points of a course, grouped by root cause."""

    model_config = ConfigDict(extra="ignore", json_schema_extra=strictly_shaped())

    courses: list[CourseReply]


def check(payload: Mapping[str, Any], reply: CourseClustersReply) -> list[str]:
    """Return what is wrong with a reply that is worth asking again: a sentence a rule, written for the model."""
    ids = _PostIds(payload["painpoints"])
    foreign, unknown, empty, grouped = [], [], [], set[str]()
    for index, course in enumerate(reply.courses):
        if course.clusters and not _is_course(course.course_code, payload["course_code"]):
            foreign.append(f"courses.{index}.course_code")
        for number, cluster in enumerate(course.clusters):
            place = f"courses.{index}.clusters.{number}"
            known = [ids.find(post_id) for post_id in cluster.post_ids]
            unknown += [f"{place}.post_ids.{at}" for at, post_id in enumerate(known) if post_id is None]
            grouped.update(post_id for post_id in known if post_id is not None)
            if any(known) and not one_line(cluster.issue_summary):
                empty.append(f"{place}.issue_summary")
    missing = [post_id for post_id in ids.sent if post_id not in grouped]
    rules = {
        "must be the course_code that was asked about": foreign,
        "no such post_id was sent; copy ids character by character": unknown,
        "must not be empty": empty,
        "these post_ids were sent and stand in no cluster; give each a cluster": missing,
    }
    return [f"{first_few(places, most=MOST_NAMED)}: {rule}" for rule, places in rules.items() if places]


def mend(payload: Mapping[str, Any], found: Mapping[str, Any]) -> CourseClustersReply:
    """Return the valid reply that is nearest to ``found``, whatever that is.

    Unknown posts, and clusters without a summary or without posts, are dropped; a post that then stands nowhere gets a
    cluster of its own with its own root-cause summary.
    """
    code = str(payload["course_code"])
    clusters = [
        ClusterReply(cluster_id=cluster.cluster_id, issue_summary=cluster.issue_summary, post_ids=[*cluster.post_ids])
        for cluster in _completed(_readable_clusters(found), payload["painpoints"], code)
    ]
    return CourseClustersReply(courses=[CourseReply(course_code=code, clusters=clusters)])


COURSE_CLUSTERS = Task(
    name="course_clusters",
    version="v1",
    reply_model=CourseClustersReply,
    check=check,
    mend=mend,
    max_completion_tokens=4096,
)


def assemble(
    course_code: str, course_title: str, painpoints: Sequence[Painpoint], reply: CourseClustersReply | None
) -> CourseClusters:
    """Return a course's clusters with ids, in order, and with every post of ``painpoints`` and no other.

    Ids are kept when all are ``<course_code>_<integer>`` and no number occurs twice; else all clusters are numbered by
    size, ties by the first post in the order of ``painpoints``. Without a reply every post is its own cluster.
    """
    return CourseClusters(course_code, course_title, numbered(course_code, painpoints, clusters_of(reply)))


def clusters_of(reply: CourseClustersReply | None) -> list[Cluster]:
    """Return the clusters of a reply as the model gave them."""
    return [
        Cluster(cluster.cluster_id, cluster.issue_summary, tuple(cluster.post_ids))
        for course in (reply.courses if reply else [])
        for cluster in course.clusters
    ]


def numbered(course_code: str, painpoints: Sequence[Painpoint], clusters: Iterable[Cluster]) -> tuple[Cluster, ...]:
    """Return ``clusters`` completed, with ids and in order; see ``assemble``."""
    whole = _completed(clusters, painpoints, course_code)
    numbers = [_number(cluster.cluster_id, course_code) for cluster in whole]
    if None in numbers or len(set(numbers)) < len(numbers):
        place = {post["post_id"]: index for index, post in enumerate(painpoints)}
        whole.sort(key=lambda cluster: (-cluster.num_posts, min(place[post_id] for post_id in cluster.post_ids)))
        return tuple(replace(cluster, cluster_id=f"{course_code}_{at}") for at, cluster in enumerate(whole, 1))
    return tuple(sorted(whole, key=lambda cluster: (-cluster.num_posts, _number(cluster.cluster_id, course_code))))


class _PostIds:
    """The ids that were sent; those of a reply match them exactly, but for white space at the ends."""

    def __init__(self, painpoints: Sequence[Painpoint]) -> None:
        self.sent = list(dict.fromkeys(str(post["post_id"]) for post in painpoints))
        self._stripped = {post_id.strip(): post_id for post_id in self.sent} | {
            post_id: post_id for post_id in self.sent
        }

    def find(self, post_id: str) -> str | None:
        return self._stripped.get(post_id) or self._stripped.get(post_id.strip())


def _completed(clusters: Iterable[Cluster], painpoints: Sequence[Painpoint], course_code: str) -> list[Cluster]:
    """Return the clusters with known posts only, each once, and one cluster more for every post that stands in none.

    Added clusters are numbered on from the highest number there is, so that good ids need not change.
    """
    ids = _PostIds(painpoints)
    whole = []
    for cluster in clusters:
        known = dict.fromkeys(found for post_id in cluster.post_ids if (found := ids.find(post_id)) is not None)
        summary = one_line(cluster.issue_summary)
        if known and summary:
            whole.append(Cluster(cluster.cluster_id.strip(), summary, tuple(known)))
    grouped = {post_id for cluster in whole for post_id in cluster.post_ids}
    highest = max((_number(cluster.cluster_id, course_code) or 0 for cluster in whole), default=0)
    own = {str(post["post_id"]): one_line(str(post["root_cause_summary"])) for post in painpoints}
    missing = [post_id for post_id in ids.sent if post_id not in grouped]
    return whole + [
        Cluster(f"{course_code}_{highest + at}", own[post_id], (post_id,)) for at, post_id in enumerate(missing, 1)
    ]


def _number(cluster_id: str, course_code: str) -> int | None:
    prefix, number = cluster_id[: len(course_code) + 1], cluster_id[len(course_code) + 1 :]
    return int(number) if prefix == f"{course_code}_" and CLUSTER_NUMBER.fullmatch(number) else None


def _is_course(found: str, asked: str) -> bool:
    """A reply about one course may leave its code out."""
    return not found.strip() or found.strip().casefold() == asked.strip().casefold()


def _readable_clusters(found: Mapping[str, Any]) -> Iterator[Cluster]:
    """What can be read as clusters of an object that has any shape."""
    for course in _list(found.get("courses", [found])):
        for cluster in _list(course.get("clusters")) if isinstance(course, dict) else ():
            if isinstance(cluster, dict):
                post_ids = tuple(text for entry in _list(cluster.get("post_ids")) if (text := _text(entry)))
                yield Cluster(_text(cluster.get("cluster_id")), _text(cluster.get("issue_summary")), post_ids)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    value = _number_as_text(value)
    return value if isinstance(value, str) else ""
