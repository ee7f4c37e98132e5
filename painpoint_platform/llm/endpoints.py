"""Where a model is reached, and turning that into a ``ChatModel``.

Belongs here: the choice between the embedded model and LiteLLM. Does not belong here: reading settings (``resources``).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from painpoint_platform.errors import UserError
from painpoint_platform.llm.chat import ChatModel
from painpoint_platform.llm.routing import Route

if TYPE_CHECKING:
    from painpoint_platform.text.embeddings import Embedder

EMBEDDED = "embedded/v1"
Role = Literal["LOCAL", "REMOTE"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model as the settings name it. ``role`` says which settings those are, for messages.

    ``context_tokens``: how many tokens a prompt may have (LLM_CONTEXT_TOKENS); 0 = what LiteLLM knows of the model.
    """

    name: str
    role: Role
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    context_tokens: int = 0

    @property
    def setting(self) -> str:
        """Prefix of this model's settings."""
        return f"LLM_{self.role}"


def open_route(local: Endpoint, remote: Endpoint, embedder: "Callable[[], Embedder]") -> Route:
    """Make the models of both endpoints; endpoints that mean the same model share one.

    Args:
        embedder: returns the encoder of the embedded model; called when that model is first asked.

    Raises:
        UserError: a name is empty, or means an embedded model that does not exist.
    """
    first = open_model(local, embedder)
    same = (local.name, local.base_url) == (remote.name, remote.base_url)
    return Route(first, first if same else open_model(remote, embedder))


def open_model(endpoint: Endpoint, embedder: "Callable[[], Embedder]") -> ChatModel:
    """Make the model of an endpoint; nothing is imported, loaded or contacted before it is asked."""
    name = endpoint.name.strip()
    if name == EMBEDDED:
        from painpoint_platform.llm.embedded.model import EmbeddedModel

        return EmbeddedModel(embedder)
    if not name or name.startswith("embedded/"):
        raise UserError(
            f"{endpoint.setting}_MODEL: found {endpoint.name!r}, expected {EMBEDDED} or a LiteLLM name such as "
            "ollama_chat/llama3.1, groq/llama-3.3-70b-versatile or openai/<name>"
        )
    from painpoint_platform.llm.litellm_model import LiteLLMModel

    return LiteLLMModel(endpoint)
