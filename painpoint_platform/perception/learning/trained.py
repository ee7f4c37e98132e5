"""What a training of any kind of variable gives: a model with its report, and how long its steps took.

Belongs here: what the three kinds of trainings have in common. Does not belong here: the trainings themselves
(``training``, ``paths_training``, ``temporal_training``), looking for parameters (``search``).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Generic, Protocol, TypeVar

from painpoint_platform.perception.measuring.gates import GateReport


class Report(Protocol):
    """What happened in a training; each kind tells more than the verdict."""

    @property
    def gates(self) -> GateReport:
        """The tuning rows' figures against the thresholds."""
        ...


ModelT = TypeVar("ModelT")
ReportT = TypeVar("ReportT", bound=Report)


@dataclass(frozen=True, slots=True)
class Trained(Generic[ModelT, ReportT]):
    """A model and its report; ``name`` says whether it was accepted."""

    model: ModelT
    report: ReportT

    @property
    def name(self) -> str:
        """``<variable>_final_accepted`` or ``<variable>_final_pending``."""
        return self.report.gates.model_name


@dataclass(slots=True)
class Clock:
    """How long each step of a training took, in seconds."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure what runs inside."""
        started = perf_counter()
        yield
        self.seconds[name] = perf_counter() - started
