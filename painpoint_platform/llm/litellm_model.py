"""Every real model, through LiteLLM.

Belongs here: turning a ``ChatRequest`` into LiteLLM's call and its response into a ``ChatReply``.
Does not belong here: retries (LiteLLM's own are switched off), limits, and any other import of litellm.
"""

import gc
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from painpoint_platform.llm.certificates import trusted_by
from painpoint_platform.llm.chat import ChatReply, ChatRequest, PermanentModelError, TransientModelError
from painpoint_platform.llm.endpoints import Endpoint
from painpoint_platform.llm.litellm_errors import translate
from painpoint_platform.llm.tokens import prompt_token_bound

if TYPE_CHECKING:
    from painpoint_platform.llm.oauth import TokenSource

# The OpenAI client insists on a key; servers of one's own do not look at it.
NO_KEY = "no-key"
# What models that LiteLLM does not know are taken to hold; a server with less refuses a larger request.
UNKNOWN_CONTEXT_TOKENS = 32_768
# Ollama cuts what is beyond its context without a word, so it is told how much to make room for. More costs memory.
OLLAMA = ("ollama/", "ollama_chat/")
OLLAMA_CONTEXT_TOKENS = 8192
# For these LiteLLM looks models up at a server of the provider, and waits for it.
ASKS_THE_NETWORK = (*OLLAMA, "huggingface/", "lemonade/")


@cache
def litellm_module() -> Any:
    """Import LiteLLM, which takes seconds, without its look-ups on the network, telemetry and logging."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    with _objects_that_stay():
        import litellm

    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.turn_off_message_logging = True
    # Everything that goes wrong arrives as an exception; its log lines would repeat it with the request in them.
    logging.getLogger("LiteLLM").setLevel(logging.CRITICAL)
    return litellm


@contextmanager
def _objects_that_stay() -> Iterator[None]:
    """Import without looking for garbage among hundreds of thousands of new objects, then or later.

    Measured: the import takes 2.2 s of CPU otherwise, 1.5 s so; the first call, which imports more, 0.7 s and 0.35 s.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


class LiteLLMModel:
    """A ``ChatModel`` for any provider that LiteLLM knows, and any OpenAI-compatible server.

    Args:
        endpoint: name, address and key.
        tokens: gives bearer tokens, which then take the place of the key.
        ca_bundle: PEM file of the authorities that are trusted instead of the public ones.

    Raises:
        UserError: the CA bundle cannot be used.
    """

    in_process = False

    def __init__(self, endpoint: Endpoint, tokens: "TokenSource | None" = None, ca_bundle: Path | None = None) -> None:
        self._endpoint = endpoint
        self._tokens = tokens
        self._ca_bundle = ca_bundle
        self._refused_formats = 0
        if ca_bundle:
            trusted_by(ca_bundle)  # LiteLLM takes a file that is not there for none at all

    @property
    def name(self) -> str:
        """The LiteLLM name."""
        return self._endpoint.name

    @property
    def cache_identity(self) -> str:
        """The LiteLLM name: the same model at another address gives the same answers."""
        return self._endpoint.name

    def lacks(self, *, by_token: bool) -> str | None:
        """Say what every call would fail for, as far as that is known without making one; None where nothing is.

        ``by_token``: a token server stands for the key.
        """
        litellm, setting = litellm_module(), self._endpoint.setting
        try:
            litellm.get_llm_provider(self.name, api_base=self._endpoint.base_url)
        except Exception:  # LiteLLM raises what a server would have answered
            return f"{setting}_MODEL: LiteLLM knows no provider for {self.name!r}; expected <provider>/<model>"
        if by_token or self._api_key:
            return None
        missing = litellm.validate_environment(self.name)["missing_keys"]
        # Clouds have other ways to prove who one is, and servers of one's own an address that is the default.
        if not missing or not all(name.endswith("_API_KEY") for name in missing):
            return None
        return f"{self.name}: no key; set {' and '.join(missing)} or {setting}_API_KEY"

    @cached_property
    def context_tokens(self) -> int:
        """LLM_CONTEXT_TOKENS, else what LiteLLM knows of the model, else a usual size."""
        if self._endpoint.context_tokens:
            return self._endpoint.context_tokens
        if self.name.startswith(OLLAMA):
            return OLLAMA_CONTEXT_TOKENS
        litellm = litellm_module()
        try:
            if self.name.startswith(ASKS_THE_NETWORK):
                known = litellm.model_cost.get(self.name, {})
            else:
                known = litellm.get_model_info(self.name)
        except Exception:  # LiteLLM raises a bare Exception for a model that it does not know
            known = {}
        return known.get("max_input_tokens") or UNKNOWN_CONTEXT_TOKENS

    def worst_case_usd(self, request: ChatRequest) -> float | None:
        """Price of the most tokens that the call can use; None where LiteLLM's price list lacks the model."""
        if not self._has_price:
            return None
        prompt_tokens, completion_tokens = prompt_token_bound(request), request.max_completion_tokens
        return float(
            sum(
                litellm_module().cost_per_token(
                    model=self.name, prompt_tokens=prompt_tokens, completion_tokens=completion_tokens
                )
            )
        )

    @cached_property
    def _has_price(self) -> bool:
        """Looked up once, for LiteLLM searches its whole list each time for a model that is not in it."""
        try:
            litellm_module().cost_per_token(model=self.name, prompt_tokens=1, completion_tokens=1)
        except Exception:  # LiteLLM raises a bare Exception for a model without a price
            return False
        return True

    async def prepare(self) -> None:
        """Import LiteLLM, and get a token where the server wants one."""
        litellm_module()
        if self._tokens:
            await self._tokens.token()

    async def complete(self, request: ChatRequest) -> ChatReply:
        """See ``ChatModel.complete``."""
        litellm = litellm_module()
        if self._ca_bundle:
            litellm.ssl_verify = str(self._ca_bundle)  # not every provider looks at the argument of that name
        token = await self._tokens.token() if self._tokens else None
        shape = self._shape_options(request)
        try:
            response = await litellm.acompletion(
                model=self.name,
                messages=[
                    {"role": "system", "content": request.system},
                    *({"role": message.role, "content": _sendable(message.content)} for message in request.messages),
                ],
                api_base=self._endpoint.base_url,
                **self._credentials(token),
                temperature=0,
                max_tokens=request.max_completion_tokens,
                timeout=request.timeout_s,
                num_retries=0,
                max_retries=0,
                drop_params=True,
                **({"num_ctx": self.context_tokens} if self.name.startswith(OLLAMA) else {}),
                **shape,
            )
        except Exception as error:
            # No chained traceback: the original carries the request and, in its headers, the key.
            raise self._step_down(error, shape) or self._failure(error, token) from None
        return self._reply(response)

    def _failure(self, error: Exception, token: str | None) -> TransientModelError | PermanentModelError:
        failure = translate(error, self._endpoint, token)
        if self._tokens and token and isinstance(failure, PermanentModelError) and failure.new_token_may_help:
            self._tokens.discard(token)
        return failure

    def _credentials(self, token: str | None) -> dict[str, Any]:
        if token is None:
            return {"api_key": self._api_key}
        # Some providers send the key in a header of their own, some overwrite the header by the key.
        return {"api_key": token, "extra_headers": {"Authorization": f"Bearer {token}"}}

    @cached_property
    def _api_key(self) -> str | None:
        if self._endpoint.api_key:
            return self._endpoint.api_key
        keyless = self.name.startswith(("openai/", "custom_openai/")) and self._endpoint.base_url
        return NO_KEY if keyless and not os.environ.get("OPENAI_API_KEY") else None

    @cached_property
    def _formats(self) -> tuple[str, ...]:
        """Ways to ask for JSON, best first. Servers of one's own are tried with the older, wider known one."""
        if litellm_module().supports_response_schema(model=self.name):
            return ("json_schema", "json_object", "text")
        return ("json_object", "json_schema", "text")

    def _shape_options(self, request: ChatRequest) -> dict[str, Any]:
        wanted = request.reply_format
        if wanted.kind == "tool":
            function = {"name": wanted.name, "description": wanted.description, "parameters": wanted.schema}
            return {
                "tools": [{"type": "function", "function": function}],
                "tool_choice": {"type": "function", "function": {"name": wanted.name}},
                # Without this LiteLLM imports its MCP gateway for any tool call, which needs a package of its own.
                "_skip_mcp_handler": True,
            }
        kind = self._formats[self._refused_formats]
        if kind == "text":
            return {}
        schema = {"json_schema": {"name": wanted.name, "schema": wanted.schema, "strict": True}}
        return {"response_format": {"type": kind} | (schema if kind == "json_schema" else {})}

    def _step_down(self, error: Exception, shape: dict[str, Any]) -> TransientModelError | None:
        """When the server refuses the way in which JSON was asked for, choose the next and have the call repeated."""
        refused = shape.get("response_format", {}).get("type")
        if refused is None or getattr(error, "status_code", None) not in {400, 422}:
            return None
        if not any(word in str(error) for word in ("response_format", "json_schema", "json_object")):
            return None
        # Calls under way at once are refused alike; only the first of them moves on.
        if self._formats[self._refused_formats] == refused:
            self._refused_formats += 1
        return TransientModelError(f"the server refuses response_format {refused}; asking otherwise", retry_after_s=0)

    def _reply(self, response: Any) -> ChatReply:
        usage = getattr(response, "usage", None)
        if usage is not None and not usage.total_tokens:
            usage = None  # LiteLLM fills in zeros where the server sent nothing
        choice = response.choices[0] if response.choices else None
        message = choice.message if choice else None
        calls = getattr(message, "tool_calls", None) or []
        return ChatReply(
            model=self.name,
            text=getattr(message, "content", None),
            tool_arguments=calls[0].function.arguments if calls else None,
            prompt_tokens=usage.prompt_tokens if usage else None,
            completion_tokens=usage.completion_tokens if usage else None,
            cost_usd=self._cost_usd(response) if usage and self._has_price else None,
            truncated=choice is not None and choice.finish_reason == "length",
        )

    def _cost_usd(self, response: Any) -> float | None:
        try:
            return float(litellm_module().completion_cost(completion_response=response, model=self.name))
        except Exception:  # as in _has_price: the server's own name for the model may be priced otherwise
            return None


def _sendable(text: str) -> str:
    """Half a surrogate pair, as collected texts and replies may hold, has no UTF-8 and would fail the call."""
    return text.encode("utf-8", "replace").decode("utf-8")
