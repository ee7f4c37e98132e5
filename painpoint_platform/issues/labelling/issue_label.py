"""What a model is asked about a cluster of posts, and what counts as an answer.

Belongs here: the ``issue_label`` task: request, reply, rules. Does not belong here: choosing the representatives
(``representatives``), when a label is reused (``gold``), how models are called (``llm``).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from painpoint_platform.llm.client import ModelClient
from painpoint_platform.llm.output_rules import forbidden_content
from painpoint_platform.llm.tasks import Answer, ModelRequest, Task
from painpoint_platform.progress import Progress
from painpoint_platform.text.directives import directive
from painpoint_platform.text.disguises import legible

Category = Literal["ai", "finance", "compliance", "logistics", "healthtech", "devtools", "ecommerce", "other"]
ImpactLevel = Literal["low", "medium", "high"]
CATEGORIES: tuple[Category, ...] = get_args(Category)

# Clusters over this many items start at the remote model.
LARGE_CLUSTER = 50
LONGEST_TITLE = 120
LONGEST_DESCRIPTION = 600
MOST_SENTENCES = 2

# A full stop ends a sentence when a capital follows; not after abbreviations and initials.
SENTENCE_END = re.compile(
    r"(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<!\betc)(?<!\b[A-Z])[.!?][\"'”’)]*\s+(?=[\"'“‘(]?[A-Z0-9])"
)

OneLine = StringConstraints(strip_whitespace=True, min_length=1)


class IssueLabel(BaseModel):
    """The label of a cluster of posts about one problem."""

    model_config = ConfigDict(extra="forbid")

    canonical_title: Annotated[str, OneLine, StringConstraints(max_length=LONGEST_TITLE)] = Field(
        description=f"Generic description of the problem, at most {LONGEST_TITLE} characters"
    )
    category: Category = Field(description="The field in which the problem arises")
    description: Annotated[str, OneLine, StringConstraints(max_length=LONGEST_DESCRIPTION)] = Field(
        description="The root problem in one or two sentences"
    )
    would_pay_signal: bool = Field(description="Whether the posts show that someone would pay for a fix")
    impact_level: ImpactLevel = Field(description="How badly the problem hurts those who have it")

    @field_validator("description")
    @classmethod
    def _one_or_two_sentences(cls, description: str) -> str:
        if len(SENTENCE_END.findall(description)) >= MOST_SENTENCES:
            raise ValueError(f"must be one or {MOST_SENTENCES} sentences")
        return description


class LabelRequest(ModelRequest):
    """One cluster to label. A cluster over ``LARGE_CLUSTER`` items starts at the remote model.

    A representative that gives orders to a machine is left out, characters that nobody sees are removed: what the
    model cannot see it cannot obey.
    """

    def __init__(
        self, *, cluster_size: int, sources: Mapping[str, int], representatives: Sequence[tuple[str, str]]
    ) -> None:
        """Build the request.

        Args:
            cluster_size: items in the cluster.
            sources: items by source.
            representatives: (title, snippet) of the most central items.
        """
        payload = {
            "cluster_size": cluster_size,
            "sources": dict(sources),
            "representatives": [
                {"title": legible(title), "snippet": legible(snippet)}
                for title, snippet in representatives
                if directive(f"{title}\n{snippet}") is None
            ],
            "categories": list(CATEGORIES),
        }
        super().__init__(payload, large=cluster_size > LARGE_CLUSTER)

    @property
    def is_hostile(self) -> bool:
        """Whether no post is left that a label could be made from."""
        return not self.payload["representatives"]


def ask_for_labels(
    client: ModelClient, requests: Sequence[LabelRequest], *, progress: Progress | None = None
) -> list[Answer[IssueLabel]]:
    """Ask for the labels of clusters; one whose posts all give orders fails without being asked about.

    Such a failure is final, for the same posts fail again: it has no ``failure_kind``.

    Returns:
        The answers in the order of the requests.
    """
    answers = iter(client.ask_many(ISSUE_LABEL, [each for each in requests if not each.is_hostile], progress=progress))
    return [HOSTILE if request.is_hostile else next(answers) for request in requests]


def breaks_output_rules(payload: Mapping[str, Any], label: IssueLabel) -> list[str]:
    """Return what is wrong with a label beyond its shape: links, addresses, orders, text copied from a single post.

    Collected text is hostile; a post that gets itself quoted in a title has found a megaphone.
    """
    posts = [f"{post['title']}\n{post['snippet']}" for post in payload["representatives"]]
    return [
        *forbidden_content("canonical_title", label.canonical_title, posts),
        *forbidden_content("description", label.description, posts),
    ]


ISSUE_LABEL = Task(
    name="issue_label",
    version="v1",
    reply_model=IssueLabel,
    check=breaks_output_rules,
    max_completion_tokens=1024,
)

NOTHING_TO_LABEL = "hostile: every post that could speak for this cluster gives orders to a machine"
HOSTILE: Answer[IssueLabel] = Answer(
    reply=None, outcome="failed", prompt_version=ISSUE_LABEL.version, failure_reason=NOTHING_TO_LABEL
)
