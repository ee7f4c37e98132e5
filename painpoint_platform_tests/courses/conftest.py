"""What all tests of course feedback share."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder: validators also look where they are run, and a checkout may have artefacts."""
    monkeypatch.chdir(tmp_path)
