"""The model resource: settings in, client out."""

import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.resources.llm import LLMResource
from painpoint_platform.settings import load_settings


def no_embedder():
    raise AssertionError("nothing is loaded before it is needed")


def test_every_field_comes_from_the_settings(tmp_path):
    limits = {"max_concurrency": 3, "requests_per_minute": 30, "timeout_s": 7.0, "budget_usd": 1.5}
    settings = load_settings(
        None,
        data_dir=tmp_path,
        llm_local_model="ollama_chat/x",
        llm_remote_model="groq/y",
        llm_local_api_key="secret-1",
        **{f"llm_{name}": value for name, value in limits.items()},
    )
    resource = LLMResource.from_settings(settings)
    assert resource.state_path == str(tmp_path / "llm.sqlite")
    assert resource.local_api_key == "secret-1"
    assert {name: getattr(resource, name) for name in limits} == limits
    assert resource.client("run", no_embedder).models == ("ollama_chat/x", "groq/y")


def test_one_model_in_both_places_is_one_model(tmp_path):
    resource = LLMResource(state_path=str(tmp_path / "llm.sqlite"))
    assert resource.client("run", no_embedder).models == ("embedded/v1",)


@pytest.mark.parametrize("name", ["embedded/v2", " "])
def test_a_model_that_does_not_exist_names_the_setting(tmp_path, name):
    resource = LLMResource(remote_model=name, state_path=str(tmp_path / "llm.sqlite"))
    with pytest.raises(UserError, match=r"LLM_REMOTE_MODEL.*embedded/v1"):
        resource.client("run", no_embedder)
