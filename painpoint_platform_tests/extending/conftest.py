"""The platform as it is after all four walks: a copy of the repository, changed as the page says, and imported."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import dagster as dg
import pytest

from painpoint_platform_tests.conftest import MODEL_CACHE
from painpoint_platform_tests.extending.lobsters import Lobsters, serving_lobsters
from painpoint_platform_tests.extending.page import apply_edits, copy_repository, to_run

PACKAGE = "painpoint_platform"
# Rooms that no walk changes and that import nothing else stay: their encoder and language model are loaded already.
KEPT = ("painpoint_platform.errors", "painpoint_platform.text")


class Extended:
    """The extended repository. Its package stands in for the original until ``leave`` is called.

    Attributes:
        root: its folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._original = _loaded()
        self.enter()

    def module(self, name: str) -> ModuleType:
        """Import a module of the extended package."""
        module = importlib.import_module(f"{PACKAGE}.{name}")
        assert Path(str(module.__file__)).is_relative_to(self.root)
        return module

    def enter(self) -> None:
        """Let imports find the extended package."""
        for name in self._original:
            del sys.modules[name]
        sys.path.insert(0, str(self.root))
        importlib.invalidate_caches()

    def leave(self) -> None:
        """Put the original package back."""
        sys.path.remove(str(self.root))
        for name in _loaded():
            del sys.modules[name]
        sys.modules.update(self._original)


def _loaded() -> dict[str, ModuleType]:
    return {
        name: module
        for name, module in sys.modules.items()
        if name.partition(".")[0] == PACKAGE and not name.startswith(KEPT)
    }


@pytest.fixture(scope="package")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Extended]:
    """The repository after all four walks."""
    root = tmp_path_factory.mktemp("extended")
    copy_repository(root)
    apply_edits(root)
    for command in to_run("A new model task")[:1]:
        subprocess.run(["sh", "-c", command], cwd=root, check=True)
    one = Extended(root)
    yield one
    one.leave()


@pytest.fixture(scope="package")
def lobsters(extended: Extended) -> Iterator[Lobsters]:
    """The server of the new source."""
    with serving_lobsters() as one:
        yield one


@pytest.fixture(scope="package")
def home(extended: Extended, lobsters: Lobsters, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of data and artefacts, and the settings that lead there: one platform for all walks, as in life."""
    folder = tmp_path_factory.mktemp("home")
    MODEL_CACHE.mkdir(exist_ok=True)
    (folder / "models").symlink_to(MODEL_CACHE, target_is_directory=True)
    (folder / "sources.yaml").write_text("lobsters:\n  requests_per_minute: 60000\n")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DATA_DIR", str(folder))
        environment.setenv("ARTIFACTS_DIR", str(folder / "artifacts"))
        environment.setenv("SOURCES_FILE", str(folder / "sources.yaml"))
        environment.setenv("LOBSTERS_API_URL", lobsters.url)
        yield folder


@pytest.fixture(scope="package")
def definitions(extended: Extended, home: Path) -> dg.Definitions:
    """The extended platform's definitions."""
    found: dg.Definitions = extended.module("definitions").defs
    return found
