"""What tests of several packages share: the encoder, loaded once a process and converted once a machine."""

import tempfile
from pathlib import Path

import pytest

from painpoint_platform.text.embeddings import Embedder, load_embedder

# Not under pytest's own folders: the conversion is kept from one run of the tests to the next, and between workers.
MODEL_CACHE = Path(tempfile.gettempdir()) / "painpoint-test-models"


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The encoder of the default settings."""
    MODEL_CACHE.mkdir(exist_ok=True)
    return load_embedder(cache_dir=MODEL_CACHE)
