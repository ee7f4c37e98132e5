"""The whole platform on loopback: sample APIs, a real PocketBase, a real warehouse, Dagster."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import dagster as dg
import pytest
from dagster_shared.record import copy

from painpoint_platform.jobs import RunOutcome, run_in_process
from painpoint_platform.sample.corpus import generate_items
from painpoint_platform.sample.items import SampleItem
from painpoint_platform.sample.world import sample_world
from painpoint_platform.settings import Settings, load_settings
from painpoint_platform_tests.conftest import MODEL_CACHE

DAYS = (date(2025, 1, 6), date(2025, 1, 7))
ITEMS_A_DAY = 220
# Budgets of a training that a test can wait for; everything else is as in the defaults.
QUICK_TRAINING = """
bootstrap_rounds = 100
[splits]
folds = 2
[search]
landmarks = 40
[kernel]
landmarks = 40
"""


@dataclass
class Platform:
    """A platform of its own: settings, definitions and Dagster's instance."""

    settings: Settings
    definitions: dg.Definitions
    instance: dg.DagsterInstance
    items: list[SampleItem]

    def run(self, job: str, first: str | None = None, last: str | None = None) -> RunOutcome:
        return run_in_process(self.definitions, job, instance=self.instance, first=first, last=last)

    def run_day(self, day: date) -> list[RunOutcome]:
        sources = ("github", "hackernews", "reddit", "stackoverflow")
        return [*(self.run("collect", f"{day}|{source}") for source in sources), self.run("issues", str(day))]


def time_few_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let exports of models be timed on a handful of texts; how many say nothing about what is done with the times."""
    from painpoint_platform.perception.serving import export_measurement

    monkeypatch.setattr(export_measurement, "_MOST_TEXTS", 4)
    monkeypatch.setattr(export_measurement, "_MOST_BATCHES", 1)
    monkeypatch.setattr(export_measurement, "BATCH", 4)


@pytest.fixture(scope="session")
def sample_items() -> list[SampleItem]:
    return [item for day in DAYS for item in generate_items(day, ITEMS_A_DAY, seed=11)]


@pytest.fixture(scope="session")
def world(sample_items: list[SampleItem], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with sample_world(sample_items, tmp_path_factory.mktemp("world")) as environment:
        yield environment


def point_settings_at(folder: Path, world: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (world | {"DATA_DIR": str(folder)}).items():
        monkeypatch.setenv(name, value)
    if not (folder / "models").exists():
        (folder / "models").symlink_to(MODEL_CACHE, target_is_directory=True)


def definitions_here() -> dg.Definitions:
    """The definitions with the resources that the environment describes; everything else is built once a process."""
    from painpoint_platform.definitions import build_resources, defs

    return copy(defs, resources=build_resources(load_settings(None)))


def platform_here(instance: dg.DagsterInstance, items: list[SampleItem]) -> Platform:
    """The platform that the environment describes."""
    return Platform(load_settings(None), definitions_here(), instance, items)


@pytest.fixture
def platform(
    world: dict[str, str], sample_items: list[SampleItem], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Platform]:
    point_settings_at(tmp_path, world, monkeypatch)
    with dg.DagsterInstance.ephemeral() as instance:
        yield platform_here(instance, sample_items)
