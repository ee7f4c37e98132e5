"""Which models a request may go to, in which order, and which of them are not worth asking any more.

Belongs here: the order local → remote and the memory of models that never answered.
Does not belong here: making a call (``transport``).
"""

from collections import Counter
from dataclasses import dataclass

from painpoint_platform.llm.chat import ChatModel

# A wrong key or model name shows at once; three refusals rule out a single odd request. Silence may be bad luck longer.
REFUSALS_UNTIL_DOWN = 3
SILENCES_UNTIL_DOWN = 8


@dataclass(frozen=True, slots=True)
class Route:
    """The two models of the settings. They may be one and the same, which is then asked once."""

    local: ChatModel
    remote: ChatModel

    def order(self, *, large: bool) -> tuple[ChatModel, ...]:
        """The models to try in turn. Large work starts at the remote model, and nothing stands in for that one."""
        if large or self.local is self.remote:
            return (self.remote,)
        return (self.local, self.remote)


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
        self._reason: dict[str, str] = {}

    def note_reply(self, model: str) -> None:
        """The model answered something, right or wrong."""
        self._alive.add(model)

    def note_failure(self, model: str, reason: str, *, refused: bool) -> None:
        """A request failed at the model: refused for every request alike, or unanswered for all repeats."""
        (self._refusals if refused else self._silences)[model] += 1
        self._reason[model] = reason

    def down_reason(self, model: str) -> str | None:
        """Why the model is not asked any more, or None."""
        if model in self._alive:
            return None
        if self._refusals[model] >= REFUSALS_UNTIL_DOWN or self._silences[model] >= self._patience:
            return f"not asked, for it has answered nothing so far: {self._reason[model]}"
        return None
