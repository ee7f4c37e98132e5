"""``embedded/v1`` as a ``ChatModel``.

Belongs here: the protocol's face of the embedded model. Does not belong here: the answers to single tasks.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from painpoint_platform.llm.chat import ChatReply, ChatRequest, PermanentModelError
from painpoint_platform.llm.embedded.batching import BatchedEmbedder
from painpoint_platform.llm.embedded.course_clusters import cluster_course
from painpoint_platform.llm.embedded.global_themes import find_global_themes
from painpoint_platform.llm.embedded.issue_label import label_issue
from painpoint_platform.llm.embedded.qa_boundary import decide_boundary
from painpoint_platform.llm.endpoints import EMBEDDED

if TYPE_CHECKING:
    from painpoint_platform.text.embeddings import Embedder

Rule = Callable[..., Awaitable[dict[str, Any]]]
RULES: dict[str, Rule] = {
    "course_clusters": cluster_course,
    "global_themes": find_global_themes,
    "issue_label": label_issue,
    "qa_boundary": decide_boundary,
}
# What an answer depends on besides the encoder: code, and the catalogues beside it.
RULE_FILES = {".py", ".toml"}


class EmbeddedModel:
    """Answers by rules over embeddings. Reads the payload and ignores the system message, which is written for others.

    Args:
        embedder: returns the encoder; called when the first request needs it.
    """

    in_process = True
    name = EMBEDDED
    context_tokens = None

    def __init__(self, embedder: "Callable[[], Embedder]") -> None:
        self._embedder = BatchedEmbedder(embedder)

    @cached_property
    def cache_identity(self) -> str:
        """Name and fingerprint of the rules' own code: an answer of older rules is not an answer of these."""
        digest = hashlib.sha256()
        for path in sorted(Path(__file__).parent.iterdir()):
            if path.suffix in RULE_FILES:
                digest.update(path.read_bytes())
        return f"{EMBEDDED}+{digest.hexdigest()[:16]}"

    def worst_case_usd(self, request: ChatRequest) -> float:
        """Nothing."""
        return 0.0

    async def prepare(self) -> None:
        """Nothing."""

    async def complete(self, request: ChatRequest) -> ChatReply:
        """Answer one request; see ``ChatModel.complete``.

        Raises:
            PermanentModelError: the task needs a language model.
        """
        rule = RULES.get(request.task)
        if rule is None:
            raise PermanentModelError(
                f"{EMBEDDED} cannot answer the task {request.task!r}, only {', '.join(sorted(RULES))}; "
                "set LLM_LOCAL_MODEL or LLM_REMOTE_MODEL to a language model",
                model_wide=False,
            )
        answer = await rule(request.payload, attempt=request.attempt, embedder=self._embedder)
        text = json.dumps(answer, ensure_ascii=False)
        is_tool = request.reply_format.kind == "tool"
        return ChatReply(self.name, None if is_tool else text, text if is_tool else None, cost_usd=0.0)
