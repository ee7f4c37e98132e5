"""The embedded model's rules as plain calls, with the encoder of the default settings."""

import asyncio

import pytest

from painpoint_platform.llm.embedded.batching import BatchedEmbedder
from painpoint_platform.llm.embedded.model import RULES


@pytest.fixture(scope="session")
def answer(embedder):
    """Return what a rule says to each of some payloads, all asked at the same time."""

    async def ask(task, payloads):
        batched = BatchedEmbedder(lambda: embedder)
        return await asyncio.gather(*(RULES[task](payload, attempt=0, embedder=batched) for payload in payloads))

    return lambda task, *payloads: asyncio.run(ask(task, payloads))
