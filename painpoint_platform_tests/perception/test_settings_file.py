"""Settings of perception: the defaults are the specification's, a file changes what it names."""

from pathlib import Path

import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.perception.settings_file import load_settings
from painpoint_platform.perception.variables import VARIABLES


def test_every_variable_has_settings_and_the_trials_that_it_was_given() -> None:
    settings = load_settings()
    assert set(settings.variables) == set(VARIABLES)
    asked_for = {
        "valence": 80, "arousal": 80, "willingness": 60, "invoked": 60, "expressed": 60, "congruence": 40,
        "comparator": 40,
    }  # fmt: skip
    assert {name: settings.variable(name).trials for name in asked_for} == asked_for
    assert (settings.seed, settings.search.patience, settings.search.least_gain) == (137, 12, 0.005)


def test_every_default_lies_inside_the_range_that_is_searched() -> None:
    settings = load_settings()
    for space in (settings.kernel, settings.trees):
        assert set(space.default) == set(space.intervals)
        assert all(one.low <= space.default[name] <= one.high for name, one in space.intervals.items())


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[variables.valence.gates]\npearson = 0.6\n[search]\npatience = 3\n")
    settings, defaults = load_settings(path), load_settings()
    assert settings.variable("valence").gates.pearson == 0.6
    assert settings.variable("valence").gates.rmse == 0.09
    assert settings.search.patience == 3
    assert settings.trees == defaults.trees


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[variables.valence.gates]\nperson = 0.6\n", "person"),
        ("[search]\npatience = 0\n", "patience"),
        ("[kernel.gamma]\nlow = 3.0\n", "above high"),
        ("[kernel.gamma]\nlow = 0.0\n", "logarithm"),
        ("seed = \n", "no TOML"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(UserError, match=named):
        load_settings(path)


def test_a_missing_file_and_an_unknown_variable_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        load_settings(tmp_path / "none.toml")
    with pytest.raises(UserError, match="choose valence, arousal"):
        load_settings().variable("valance")
