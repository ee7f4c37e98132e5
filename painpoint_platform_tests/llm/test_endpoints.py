"""What the settings of the two models come to, before any of them is asked."""

import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.llm.endpoints import Endpoint, open_route
from painpoint_platform.llm.litellm_model import LiteLLMModel


def lacking(name, *, base_url=None, api_key=None, by_token=False):
    return LiteLLMModel(Endpoint(name, "REMOTE", base_url, api_key)).lacks(by_token=by_token)


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch):
    monkeypatch.delenv("GROQ_API_KEY", raising=False)


def test_a_provider_that_nobody_knows_is_named_before_it_is_asked():
    assert lacking("foo/bar") == (
        "LLM_REMOTE_MODEL: LiteLLM knows no provider for 'foo/bar'; expected <provider>/<model>"
    )


def test_a_key_that_is_missing_is_named(monkeypatch):
    name = "groq/llama-3.3-70b-versatile"
    assert lacking(name) == f"{name}: no key; set GROQ_API_KEY or LLM_REMOTE_API_KEY"
    assert lacking(name, by_token=True) is None
    assert lacking(name, api_key="mine") is None
    monkeypatch.setenv("GROQ_API_KEY", "the provider's own")
    assert lacking(name) is None


@pytest.mark.parametrize("name", ["ollama_chat/qwen3:8b", "bedrock/anthropic.claude-v2"])
def test_what_may_be_reached_without_a_key_lacks_nothing(name):
    assert lacking(name) is None
    assert lacking("openai/own", base_url="http://127.0.0.1:9/v1") is None


@pytest.mark.parametrize("name", ["", "embedded/v2"])
def test_a_name_that_can_be_no_models_is_refused(name):
    with pytest.raises(UserError, match=r"LLM_LOCAL_MODEL: found .*expected embedded/v1"):
        open_route(Endpoint(name, "LOCAL"), Endpoint("embedded/v1", "REMOTE"), None)


@pytest.mark.parametrize(("remote_key", "models"), [(None, 1), ("mine", 1), ("another", 2)])
def test_one_model_by_two_keys_is_asked_by_both(remote_key, models):
    local, remote = (
        Endpoint("openai/own", role, "http://127.0.0.1:9/v1", key)
        for role, key in (("LOCAL", "mine"), ("REMOTE", remote_key))
    )
    assert len(open_route(local, remote, None).models) == models
