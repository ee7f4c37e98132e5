"""A secret is a name in Dagster's eyes and a value in the hand of a command."""

import pytest

from painpoint_platform.resources.collectors import CollectorsResource
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


def test_an_address_that_holds_a_password_is_a_secret_too(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = {
        name: f"https://ada:hunter2@{name.lower()}.example.org"
        for name in ("LLM_LOCAL_BASE_URL", "LLM_REMOTE_BASE_URL", "LLM_TOKEN_ENDPOINT", "POCKETBASE_URL",
                     "GITHUB_API_URL")
    }  # fmt: skip
    for name, value in addresses.items():
        monkeypatch.setenv(name, value)
    settings = load_settings(None)
    resources = [LLMResource.of(settings), PocketBaseResource.of(settings), CollectorsResource.of(settings)]
    assert "hunter2" not in repr([dict(resource) for resource in resources])
    assert in_hand(resources[0]).local_base_url == addresses["LLM_LOCAL_BASE_URL"]
    assert in_hand(resources[2]).github_api_url == addresses["GITHUB_API_URL"]
    assert CollectorsResource.of(settings).reddit_api_url == "https://oauth.reddit.com"
