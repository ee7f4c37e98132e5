"""One pass of the encoder for many requests at once.

Belongs here: collecting texts that wait on the event loop. Does not belong here: what the vectors are for.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from painpoint_platform.text.embeddings import Embedder


class BatchedEmbedder:
    """Embeds what arrives in the same turn of the loop together, in a thread, and never a text twice in a batch.

    Two hundred requests of five short texts each would take two hundred small passes, which cost several times more.

    Args:
        factory: returns the encoder, the same one each time; called with the first batch and not before.
    """

    def __init__(self, factory: "Callable[[], Embedder]") -> None:
        self._factory = factory
        self._waiting: list[tuple[Sequence[str], asyncio.Future[NDArray[np.float32]]]] = []

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (len(texts), 384) unit rows."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[NDArray[np.float32]] = loop.create_future()
        self._waiting.append((texts, future))
        if len(self._waiting) == 1:
            # After everything that is ready now has had its turn, and so had its chance to join.
            loop.call_soon(lambda: loop.create_task(self._flush()))
        return await future

    async def embed_fixed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As ``embed``, for texts that are part of the rules: embedded once a process for each encoder."""
        version = (await asyncio.to_thread(self._factory)).version
        if (version, *texts) not in _fixed_vectors:
            _fixed_vectors[(version, *texts)] = await self.embed(texts)
        return _fixed_vectors[(version, *texts)]

    def _pass(self, texts: Sequence[str]) -> NDArray[np.float32]:
        with _one_pass:
            return self._factory().embed(texts)

    async def _flush(self) -> None:
        batch, self._waiting = self._waiting, []
        distinct = {text: row for row, text in enumerate(dict.fromkeys(text for texts, _ in batch for text in texts))}
        try:
            vectors = await asyncio.to_thread(self._pass, list(distinct))
        except Exception as error:
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for texts, future in batch:
            if not future.done():
                future.set_result(vectors[[distinct[text] for text in texts]])


# A pass uses all cores, so two at once gain nothing; and two that are the first ones of a process can lock up in
# OpenVINO's bindings (2026.4), which set up what they share without a guard.
_one_pass = threading.Lock()
_fixed_vectors: dict[tuple[str, ...], NDArray[np.float32]] = {}
