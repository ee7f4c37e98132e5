"""A secret is a name in Dagster's eyes and a value in the hand of a command."""

import pytest

from painpoint_platform.resources.llm import LLMResource
from painpoint_platform.resources.pocketbase import PocketBaseResource
from painpoint_platform.resources.secrets import in_hand
from painpoint_platform.settings import load_settings


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_LOCAL_API_KEY", "the-key")
    monkeypatch.setenv("POCKETBASE_PASSWORD", "the-password")


def test_a_resource_of_the_settings_shows_no_secret() -> None:
    settings = load_settings(None)
    shown = [dict(LLMResource.of(settings)), dict(PocketBaseResource.of(settings))]
    assert "the-key" not in repr(shown)
    assert "the-password" not in repr(shown)


def test_a_command_gets_the_secret_itself() -> None:
    settings = load_settings(None)
    assert in_hand(LLMResource.of(settings)).local_api_key == "the-key"
    assert in_hand(PocketBaseResource.of(settings)).password == "the-password"


def test_what_is_not_set_stays_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LLM_LOCAL_API_KEY")
    assert in_hand(LLMResource.of(load_settings(None))).local_api_key is None
