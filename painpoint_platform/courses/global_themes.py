"""What a model is asked about clusters of many courses, and what counts as an answer.

Belongs here: the ``global_themes`` task: request, reply, and the answer where no reply can be used.
Does not belong here: what becomes of a reply's ids and labels (``theme_batches``), asking (``stage3``).
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from painpoint_platform.courses.replies import one_line, strictly_shaped
from painpoint_platform.courses.taxonomy import ThemeLabel
from painpoint_platform.llm.tasks import Task

CLUSTER_FIELDS = ("cluster_id", "issue_summary", "course_code", "course_title", "num_posts")


# A missing text or list can be mended and is not worth a second call.
Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value), AfterValidator(one_line)]
Ids = Annotated[list[Text], BeforeValidator(lambda value: [] if value is None else value)]
LENIENT = ConfigDict(extra="ignore", coerce_numbers_to_str=True, json_schema_extra=strictly_shaped())


class ThemeGroup(BaseModel):
    """Clusters that one change on the course's side would mend."""

    model_config = LENIENT

    provisional_label: Text = Field("", description="Lower-case phrase that names the fixable root cause")
    normalized_issue_label: Text = Field("", description="A label of the taxonomy, or a new one in snake_case")
    short_description: Text = Field("", description="The fixable mechanism in one sentence")
    member_cluster_ids: Ids = Field(description="The cluster_id of every member")


class GlobalThemes(BaseModel):
    """Groups of clusters from many courses that share a fixable root cause."""

    model_config = LENIENT

    global_clusters: list[ThemeGroup] = Field(description="The groups; no cluster is in two of them")
    unassigned_clusters: Ids = Field([], description="The cluster_id of every cluster that fits no group")


def theme_payload(taxonomy: Sequence[ThemeLabel], clusters: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the model is sent about one batch.

    Args:
        taxonomy: the labels to reuse.
        clusters: rows with at least ``CLUSTER_FIELDS``.
    """
    return {
        "taxonomy": [{"label": entry.label, "meaning": entry.meaning} for entry in taxonomy],
        "clusters": [{name: cluster[name] for name in CLUSTER_FIELDS} for cluster in clusters],
    }


def nothing_assigned(payload: Mapping[str, Any], _found: Mapping[str, Any]) -> GlobalThemes:
    """Stand in for a reply that stays unusable: no group, every cluster that was sent unassigned."""
    return GlobalThemes(
        global_clusters=[], unassigned_clusters=[cluster["cluster_id"] for cluster in payload["clusters"]]
    )


# Which ids a reply mentions is no reason to ask again: what is repeated or unknown is dropped, what is omitted stays
# unassigned, and both are listed. Hence there is no check.
GLOBAL_THEMES = Task(
    name="global_themes",
    version="v1",
    reply_model=GlobalThemes,
    mend=nothing_assigned,
    max_completion_tokens=8192,
)
