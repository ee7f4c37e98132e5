"""What tests of several packages share: Hypothesis's patience, and the encoder, loaded once a process."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from painpoint_platform.text.embeddings import Embedder, load_embedder

# An example that takes long on a busy machine says nothing about the code.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

# Not under pytest's own folders: the conversion is kept from one run of the tests to the next, and between workers.
MODEL_CACHE = Path(tempfile.gettempdir()) / "painpoint-test-models"


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The encoder of the default settings."""
    MODEL_CACHE.mkdir(exist_ok=True)
    return load_embedder(cache_dir=MODEL_CACHE)
