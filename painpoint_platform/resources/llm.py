"""The models of the settings as a Dagster resource.

Belongs here: fields and turning them into a client. Does not belong here: anything that a client does (``llm``).
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Self

from dagster import ConfigurableResource
from pydantic import Field

from painpoint_platform.llm.endpoints import EMBEDDED
from painpoint_platform.resources.secrets import address, secret
from painpoint_platform.settings import Settings

# The client, and all that speaks to models under it, is imported where it is used: definitions load without it.
if TYPE_CHECKING:
    from painpoint_platform.llm.client import ModelClient
    from painpoint_platform.text.embeddings import Embedder


class LLMResource(ConfigurableResource):  # type: ignore[type-arg]
    """Which models are asked, where, how hard, and where their answers are kept."""

    local_model: str = Field(default=EMBEDDED, description="LiteLLM name of the model asked first, or embedded/v1")
    remote_model: str = Field(default=EMBEDDED, description="LiteLLM name of the model that stands in")
    local_base_url: str | None = Field(default=None, description="Base URL of the local model's server")
    remote_base_url: str | None = Field(default=None, description="Base URL of the remote model's server")
    local_api_key: str | None = Field(default=None, description="Key for the local model")
    remote_api_key: str | None = Field(default=None, description="Key for the remote model")
    max_concurrency: int = Field(default=8, description="Model calls under way at once")
    requests_per_minute: int = Field(default=0, description="Model calls a minute; 0 = no limit")
    timeout_s: float = Field(default=60.0, description="Time-out of one model call, in seconds")
    budget_usd: float | None = Field(default=None, description="Most a run may spend, in US dollars; none = no limit")
    context_tokens: int = Field(default=0, description="Tokens that a prompt may have; 0 = what LiteLLM knows")
    token_endpoint: str | None = Field(default=None, description="OAuth token endpoint; none = API keys are used")
    client_id: str | None = Field(default=None, description="OAuth client id")
    client_secret: str | None = Field(default=None, description="OAuth client secret")
    ca_bundle: str | None = Field(
        default=None, description="PEM file of the only authorities that servers are trusted by"
    )
    state_path: str = Field(default="data/llm.sqlite", description="File of kept answers and spooled ledger rows")

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the models of the settings."""
        return cls(
            local_model=settings.llm_local_model,
            remote_model=settings.llm_remote_model,
            local_base_url=address(settings, "llm_local_base_url"),
            remote_base_url=address(settings, "llm_remote_base_url"),
            local_api_key=secret(settings, "llm_local_api_key"),
            remote_api_key=secret(settings, "llm_remote_api_key"),
            max_concurrency=settings.llm_max_concurrency,
            requests_per_minute=settings.llm_requests_per_minute,
            timeout_s=settings.llm_timeout_s,
            budget_usd=settings.llm_budget_usd,
            context_tokens=settings.llm_context_tokens,
            token_endpoint=address(settings, "llm_token_endpoint"),
            client_id=settings.llm_client_id,
            client_secret=secret(settings, "llm_client_secret"),
            ca_bundle=str(settings.llm_ca_bundle) if settings.llm_ca_bundle else None,
            state_path=str(settings.data_dir / "llm.sqlite"),
        )

    def client(self, run_id: str, embedder_factory: "Callable[[], Embedder]") -> "ModelClient":
        """Make the client of a run. Nothing is loaded or contacted before it is asked something.

        Raises:
            UserError: a model name is malformed, the OAuth client is incomplete, or a file cannot be used.
        """
        from painpoint_platform.llm.client import Limits, ModelClient
        from painpoint_platform.llm.endpoints import Access, Endpoint, open_route

        tokens = self.context_tokens
        local = Endpoint(self.local_model, "LOCAL", self.local_base_url, self.local_api_key, tokens)
        remote = Endpoint(self.remote_model, "REMOTE", self.remote_base_url, self.remote_api_key, tokens)
        access = Access(
            token_endpoint=self.token_endpoint,
            client_id=self.client_id,
            client_secret=self.client_secret,
            ca_bundle=Path(self.ca_bundle) if self.ca_bundle else None,
        )
        limits = Limits(
            concurrency=self.max_concurrency,
            requests_per_minute=self.requests_per_minute,
            timeout_s=self.timeout_s,
            budget_usd=self.budget_usd,
        )
        route = open_route(local, remote, embedder_factory, access)
        return ModelClient(route, state_path=Path(self.state_path), run_id=run_id, limits=limits)
