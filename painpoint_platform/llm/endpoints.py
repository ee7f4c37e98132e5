"""Where a model is reached, and turning that into a ``ChatModel``.

Belongs here: the choice between the embedded model and LiteLLM. Does not belong here: reading settings (``resources``).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from painpoint_platform.errors import UserError
from painpoint_platform.llm.chat import ChatModel
from painpoint_platform.llm.routing import Route

if TYPE_CHECKING:
    from painpoint_platform.llm.oauth import TokenSource
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
    def is_embedded(self) -> bool:
        """True for the model that needs no server."""
        return self.name.strip() == EMBEDDED

    @property
    def setting(self) -> str:
        """Prefix of this model's settings."""
        return f"LLM_{self.role}"


@dataclass(frozen=True, slots=True)
class Access:
    """What every model server asks of this platform: OAuth client credentials, and whose certificates it trusts."""

    token_endpoint: str | None = None
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    ca_bundle: Path | None = None


def open_route(
    local: Endpoint, remote: Endpoint, embedder: "Callable[[], Embedder]", access: Access | None = None
) -> Route:
    """Make the models of both endpoints; endpoints that mean the same model share one.

    Args:
        embedder: returns the encoder of the embedded model; called when that model is first asked.

    Raises:
        UserError: a name is empty, or means an embedded model that does not exist; for other models also: the OAuth
            client is incomplete, or the CA bundle cannot be used.
    """
    access = access or Access()
    needs_access = any(not endpoint.is_embedded for endpoint in (local, remote))
    tokens = open_tokens(access) if needs_access and access.token_endpoint else None
    first = open_model(local, embedder, tokens, access.ca_bundle)
    one_account = remote.api_key in {None, local.api_key}
    same = (local.name, local.base_url) == (remote.name, remote.base_url) and one_account
    return Route(first, first if same else open_model(remote, embedder, tokens, access.ca_bundle), tokens)


def open_tokens(access: Access) -> "TokenSource":
    """Make the source of bearer tokens; nothing is contacted before one is needed.

    Raises:
        UserError: a part of the client's credentials is missing, or the CA bundle cannot be used.
    """
    from painpoint_platform.llm.oauth import ClientCredentials, TokenSource

    if not (access.token_endpoint and access.client_id and access.client_secret):
        raise UserError(
            "LLM_TOKEN_ENDPOINT, LLM_CLIENT_ID and LLM_CLIENT_SECRET: not all are set, and OAuth needs all three; "
            "without LLM_TOKEN_ENDPOINT, models are reached by their API keys"
        )
    return TokenSource(
        ClientCredentials(access.token_endpoint, access.client_id, access.client_secret, access.ca_bundle)
    )


def open_model(
    endpoint: Endpoint,
    embedder: "Callable[[], Embedder]",
    tokens: "TokenSource | None" = None,
    ca_bundle: Path | None = None,
) -> ChatModel:
    """Make the model of an endpoint; nothing is imported, loaded or contacted before it is asked."""
    require_model_name(endpoint)
    if endpoint.is_embedded:
        from painpoint_platform.llm.embedded.model import EmbeddedModel

        return EmbeddedModel(embedder)
    from painpoint_platform.llm.litellm_model import LiteLLMModel

    return LiteLLMModel(endpoint, tokens, ca_bundle)


def require_model_name(endpoint: Endpoint) -> None:
    """Refuse a name that can be no model's.

    Raises:
        UserError: it is empty, or means an embedded model that does not exist.
    """
    name = endpoint.name.strip()
    if endpoint.is_embedded:
        return
    if not name or name.startswith("embedded/"):
        raise UserError(
            f"{endpoint.setting}_MODEL: found {endpoint.name!r}, expected {EMBEDDED} or a LiteLLM name such as "
            "ollama_chat/llama3.1, groq/llama-3.3-70b-versatile or openai/<name>"
        )
