"""The one protocol that every model is reached through, and what goes over it.

Belongs here: request, reply, the ``ChatModel`` protocol and the two ways in which a model can fail to reply.
Does not belong here: whether a reply is any good (``replies``), who is asked next (``conversation``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args

from painpoint_platform.errors import TransientError, UserError

ReplyKind = Literal["json", "tool"]
# Why a model gave no answer, what a person must mend first: credentials, the budget, a refused request or setting, a
# server that is down, replies that were invalid.
FailureKind = Literal["authentication", "budget", "refused", "unavailable", "invalid"]
FAILURE_KINDS: tuple[FailureKind, ...] = get_args(FailureKind)
# What waiting does not mend: a person must change a key, the budget or the request.
FOR_A_PERSON: frozenset[FailureKind | None] = frozenset({"authentication", "budget", "refused"})


@dataclass(frozen=True, slots=True)
class Message:
    """One turn after the system message."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class ReplyFormat:
    """What the reply must look like.

    ``json`` asks for a JSON object as text, ``tool`` for a forced call of the tool ``name`` with these arguments.
    ``schema`` is a JSON schema without length and range limits: strict decoders refuse those, and validation has them.
    """

    kind: ReplyKind
    name: str
    description: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One call: a system message, then user and assistant in turn.

    ``payload`` is the data of the first user message as an object, for a model that computes instead of reading.
    ``timeout_s`` bounds the whole call, in seconds.
    """

    task: str
    system: str
    messages: tuple[Message, ...]
    reply_format: ReplyFormat
    payload: Mapping[str, Any]
    max_completion_tokens: int
    timeout_s: float

    @property
    def attempt(self) -> int:
        """How many replies to this request were rejected before."""
        return sum(message.role == "assistant" for message in self.messages)


@dataclass(frozen=True, slots=True)
class ChatReply:
    """What came back. ``text`` or ``tool_arguments`` is set, or neither when the model returned nothing.

    Token counts are the server's own (None where it sent none); ``cost_usd`` is None where the price is unknown.
    ``truncated``: the model stopped because it ran out of completion tokens.
    """

    model: str
    text: str | None = None
    tool_arguments: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_usd: float | None = None
    truncated: bool = False

    @property
    def content(self) -> str | None:
        """The part that carries the answer, whichever way it came."""
        return self.tool_arguments if self.tool_arguments is not None else self.text


class ChatModel(Protocol):
    """A model that can be asked. Implementations are ``LiteLLMModel`` and ``EmbeddedModel``."""

    @property
    def name(self) -> str:
        """The name that rows carry, such as ``embedded/v1`` or ``groq/llama-3.3-70b-versatile``."""

    @property
    def cache_identity(self) -> str:
        """What a kept answer depends on: the name, and the revision of a model whose rules are our own code."""

    @property
    def in_process(self) -> bool:
        """True when nothing leaves this process: no redaction, no pacing, no cost."""

    @property
    def context_tokens(self) -> int | None:
        """How many tokens a prompt may have; None = as many as one likes."""

    def worst_case_usd(self, request: ChatRequest) -> float | None:
        """The most that the call can cost, in US dollars; None where the model has no known price."""

    async def prepare(self) -> None:
        """Get what a call needs beforehand, such as a token, so that it takes none of the call's time.

        Raises:
            TransientModelError, PermanentModelError: as ``complete``; no call was made.
        """

    async def complete(self, request: ChatRequest) -> ChatReply:
        """Make one call, without retrying.

        Raises:
            TransientModelError: the call may succeed later.
            PermanentModelError: it will not, until a person changes something.
        """


class TransientModelError(TransientError):
    """A call that brought no reply and may be worth repeating: a rate limit, a server error, a broken connection.

    ``retry_after_s`` is what the server asked for. ``billed`` says whether the provider may charge for it all the same:
    a time-out or a broken reply yes, a refused request no.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: float | None = None,
        billed: bool = False,
        kind: FailureKind = "unavailable",
    ) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.billed = billed
        self.kind = kind


class PermanentModelError(UserError):
    """A call that will fail the same way again. The message names the setting to change.

    ``model_wide``: every other request to this model fails likewise (a wrong key, an unknown model).
    ``new_token_may_help``: a bearer token was refused that may have ended early, so one repeat is worth it after all.
    """

    def __init__(
        self, message: str, *, model_wide: bool, kind: FailureKind = "refused", new_token_may_help: bool = False
    ) -> None:
        super().__init__(message)
        self.model_wide = model_wide
        self.kind = kind
        self.new_token_may_help = new_token_may_help
