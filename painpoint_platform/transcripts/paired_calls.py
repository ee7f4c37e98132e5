"""Pairing one call when a model may have to be asked: a fresh token first, and the rules alone without access.

Belongs here: what a run, or an asset, does for one transcript, and what came of it. Does not belong here: the decisions
(``pairing``), the question (``qa_boundary``), several transcripts (``qa_run``).
"""

import time
from collections.abc import Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event
from typing import Any

from painpoint_platform.errors import UserError
from painpoint_platform.llm.chat import PermanentModelError, TransientModelError
from painpoint_platform.llm.client import ModelClient
from painpoint_platform.llm.endpoints import EMBEDDED
from painpoint_platform.llm.totals import Totals
from painpoint_platform.transcripts.groups import Decision, Pairing, Undecided
from painpoint_platform.transcripts.pairing import Mode, pair
from painpoint_platform.transcripts.qa_boundary import ACTIVE, model_decider
from painpoint_platform.transcripts.records import Transcript


@dataclass(frozen=True, slots=True)
class PairedCall:
    """What became of one call.

    Attributes:
        pairing: decisions, groups, and what the answers cost when they were paid.
        seconds: how long it took, waiting for models included.
        finished_at: aware, in UTC.
        no_access: why no model could be asked; None when that was not so.
    """

    pairing: Pairing
    seconds: float
    finished_at: datetime
    no_access: str | None = None

    @property
    def is_complete(self) -> bool:
        """Whether asking again would bring nothing new: every block that needed a model got a reply.

        A reply that broke the rules twice is a reply; a server that did not answer or refused is none.
        """
        return self.no_access is None and all(problem.kind == "validation" for problem in self.pairing.problems)


class Pairer:
    """Pairs calls one by one; may be used from several threads.

    Args:
        client: asks the models; None only in mode ``never``.
        mode: see ``pairing.pair``; ``auto`` is ``never`` where the only model is the embedded one.
        margin: see ``pairing.pair``.

    Raises:
        UserError: the mode asks a model and there is none, or the prompt is missing.
    """

    def __init__(self, client: ModelClient | None, mode: Mode, margin: float) -> None:
        if client is None and mode != "never":
            raise UserError(f"mode {mode!r} asks a model, but there is none; set LLM_LOCAL_MODEL, or use 'never'")
        # The embedded model knows the same rules; it is asked only by those who say so.
        self.mode: Mode = "never" if mode == "auto" and client and client.models == (EMBEDDED,) else mode
        self.margin = margin
        self._client = None if self.mode == "never" else client
        self._prompt = ACTIVE.prompt if self._client else None
        self._stopped = Event()

    @property
    def asks(self) -> bool:
        """Whether a model may be asked."""
        return self._client is not None

    @property
    def models(self) -> tuple[str, ...]:
        """The models that may be asked."""
        return self._client.models if self._client else ()

    @property
    def prompt_version(self) -> str | None:
        """The version of the question put to them."""
        return self._prompt.version if self._prompt else None

    @property
    def identity(self) -> tuple[str, ...]:
        """What a pairing depends on beside the call's records."""
        prompt = (self._prompt.sha256,) if self._prompt else ()
        return (self.mode, f"{self.margin:g}" if self.mode == "auto" else "", *self.models, *prompt)

    @property
    def paid(self) -> Totals:
        """What the client's calls came to so far."""
        return self._client.totals if self._client else Totals()

    def pair(self, transcript: Transcript) -> PairedCall:
        """Pair a call. Where a model cannot be asked the rules decide, and the result says why.

        Raises:
            CancelledError: ``stop`` was called meanwhile.
        """
        began = time.monotonic()
        access = _Access(self._client, self._stopped) if self._client else None
        pairing = pair(transcript, mode=self.mode, margin=self.margin, decide=access.decide if access else None)
        return PairedCall(
            pairing, time.monotonic() - began, datetime.now(UTC), no_access=access.refused if access else None
        )

    def stop(self) -> None:
        """Let calls that are being paired end before their next question."""
        self._stopped.set()


class _Access:
    """The way to the model for one call: the token is renewed before its first question.

    Many calls have no question, and then need no token either. Without one no further question is tried.
    """

    def __init__(self, client: ModelClient, stopped: Event) -> None:
        self.refused: str | None = None
        self._client = client
        self._stopped = stopped
        self._ask = model_decider(client)
        self._is_fresh = False

    def decide(self, payload: Mapping[str, Any], active: bool) -> Decision | Undecided | None:
        if self._stopped.is_set():
            raise CancelledError
        if not self._is_fresh:
            self._is_fresh = True
            try:
                self._client.renew_credentials()
            except (PermanentModelError, TransientModelError) as error:
                self.refused = str(error)
        return Undecided("authentication", self.refused) if self.refused else self._ask(payload, active)
