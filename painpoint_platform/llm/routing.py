"""Which models a request may go to, in which order, and which of them are not worth asking any more.

Belongs here: the order local → remote and the memory of models that never answered.
Does not belong here: making a call (``transport``).
"""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from painpoint_platform.llm.chat import ChatModel, PermanentModelError, TransientModelError

if TYPE_CHECKING:
    from painpoint_platform.llm.oauth import TokenSource

# A wrong key or model name shows at once; three refusals rule out a single odd request. Silence may be bad luck longer.
REFUSALS_UNTIL_DOWN = 3
SILENCES_UNTIL_DOWN = 8


@dataclass(frozen=True, slots=True)
class Route:
    """The two models of the settings. They may be one and the same, which is then asked once.

    ``tokens``: where both get their bearer tokens from, if they need any.
    """

    local: ChatModel
    remote: ChatModel
    tokens: "TokenSource | None" = None

    @property
    def models(self) -> tuple[ChatModel, ...]:
        """Each model once."""
        return (self.local,) if self.local is self.remote else (self.local, self.remote)

    def order(self, *, large: bool) -> tuple[ChatModel, ...]:
        """The models to try in turn. Large work starts at the remote model, and nothing stands in for that one."""
        return (self.remote,) if large else self.models


class Health:
    """Notices a model that is down, so that a day of requests does not wait for a time-out each.

    Only a model that has given no reply at all can be down: after a single reply its failures are taken as the bad luck
    of one request. ``patience`` is how many requests may wait in vain before that.
    """

    def __init__(self, patience: int) -> None:
        self._patience = max(patience, SILENCES_UNTIL_DOWN)
        self._alive: set[str] = set()
        self._refusals: Counter[str] = Counter()
        self._silences: Counter[str] = Counter()
        self._last_failure: dict[str, PermanentModelError | TransientModelError] = {}

    def note_reply(self, model: str) -> None:
        """The model answered something, right or wrong."""
        self._alive.add(model)

    def note_failure(self, model: str, error: PermanentModelError | TransientModelError) -> None:
        """A request failed at the model: refused for every request alike, or unanswered for all repeats."""
        refused = isinstance(error, PermanentModelError)
        (self._refusals if refused else self._silences)[model] += 1
        self._last_failure[model] = error

    def why_down(self, model: str) -> PermanentModelError | TransientModelError | None:
        """The last failure of a model that is not asked any more, or None."""
        if model in self._alive:
            return None
        if self._refusals[model] >= REFUSALS_UNTIL_DOWN or self._silences[model] >= self._patience:
            return self._last_failure[model]
        return None
