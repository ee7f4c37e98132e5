"""What the calls of one client came to.

Belongs here: the sums that go into a materialisation's metadata.
Does not belong here: sums over days (``gold/llm_cost_daily.sql``).
"""

from collections import Counter
from dataclasses import dataclass, field, fields

from painpoint_platform.llm.tasks import Outcome


@dataclass(slots=True)
class Totals:
    """Sums over the calls of one client, for a materialisation's metadata. ``cost_usd`` sums the known costs only."""

    calls: int = 0
    cached: int = 0
    failed_calls: int = 0
    retried: int = 0
    fallbacks: int = 0
    mended: int = 0
    refused_by_budget: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    calls_without_price: int = 0
    redacted: Counter[str] = field(default_factory=Counter)

    def add(
        self, outcome: Outcome, prompt_tokens: int | None, completion_tokens: int | None, cost_usd: float | None
    ) -> None:
        """Count one ledger row."""
        if outcome == "cached":
            self.cached += 1
            return
        self.calls += 1
        self.failed_calls += outcome == "failed"
        self.retried += outcome == "retried"
        self.fallbacks += outcome == "fallback"
        self.prompt_tokens += prompt_tokens or 0
        self.completion_tokens += completion_tokens or 0
        self.cost_usd += cost_usd or 0.0
        self.calls_without_price += cost_usd is None

    def since(self, earlier: "Totals") -> "Totals":
        """Return what was added after ``earlier`` was taken."""
        return Totals(
            **{field.name: getattr(self, field.name) - getattr(earlier, field.name) for field in fields(self)}
        )

    def facts(self) -> dict[str, int | float]:
        """Return the sums as a run shows them; what did not occur is left out."""
        counts: dict[str, int | float] = {
            "model_calls": self.calls,
            "model_answers_kept": self.cached,
            "model_calls_failed": self.failed_calls,
            "model_calls_retried": self.retried,
            "model_fallbacks": self.fallbacks,
            "model_answers_mended": self.mended,
            "model_calls_refused_by_budget": self.refused_by_budget,
            "model_prompt_tokens": self.prompt_tokens,
            "model_completion_tokens": self.completion_tokens,
            "model_cost_usd": round(self.cost_usd, 6),
            "model_calls_without_price": self.calls_without_price,
            **{f"masked_{kind}": count for kind, count in sorted(self.redacted.items())},
        }
        return {name: count for name, count in counts.items() if count or name in {"model_calls", "model_cost_usd"}}
