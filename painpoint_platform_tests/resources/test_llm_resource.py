"""The model resource: settings in, client out."""

import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.resources.llm import LLMResource


def no_embedder():
    raise AssertionError("nothing is loaded before it is needed")


def test_one_model_in_both_places_is_one_model(tmp_path):
    resource = LLMResource(state_path=str(tmp_path / "llm.sqlite"))
    assert resource.client("run", no_embedder).models == ("embedded/v1",)


@pytest.mark.parametrize("name", ["embedded/v2", " "])
def test_a_model_that_does_not_exist_names_the_setting(tmp_path, name):
    resource = LLMResource(remote_model=name, state_path=str(tmp_path / "llm.sqlite"))
    with pytest.raises(UserError, match=r"LLM_REMOTE_MODEL.*embedded/v1"):
        resource.client("run", no_embedder)
