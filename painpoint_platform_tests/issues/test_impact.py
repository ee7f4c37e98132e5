"""How much an issue weighs."""

import polars as pl
import pytest

from painpoint_platform.issues.impact import FEELINGS, feelings, impact_score

CALM = {
    "negativity": 0.2, "negativity_width": 0.0, "intensity": 0.2, "intensity_width": 0.0,
    "willingness": 0.5, "willingness_width": 0.0,
}  # fmt: skip
ISSUE = {"impact_level": "medium", "authors": 10, "engagement": 50, "would_pay_signal": False, **CALM}


def score(**changes: object) -> float:
    frame = pl.DataFrame([ISSUE | changes], schema_overrides=dict.fromkeys(FEELINGS, pl.Float64))
    return float(frame.select(impact_score()).item())


def test_the_score_goes_from_0_to_100() -> None:
    best = dict.fromkeys(FEELINGS, 0.0)
    worst = dict.fromkeys(FEELINGS, 1.0) | {name: 0.0 for name in FEELINGS if name.endswith("_width")}
    assert score(impact_level="low", authors=0, engagement=0, **best) == pytest.approx(35 / 3, abs=1e-3)
    assert score(impact_level="high", authors=100, engagement=5000, would_pay_signal=True, **worst) == 100


@pytest.mark.parametrize(
    "worse",
    [
        {"impact_level": "high"}, {"authors": 20}, {"engagement": 500}, {"would_pay_signal": True},
        {"negativity": 0.8}, {"intensity": 0.9}, {"willingness": 0.9},
    ],
)  # fmt: skip
def test_each_part_alone_raises_the_score(worse: dict[str, object]) -> None:
    assert score(**worse) > score()


def test_models_that_know_nothing_do_not_move_an_issue() -> None:
    unsure = {name: 1.0 for name in FEELINGS if name.endswith("_width")}
    assert score(negativity=0.9, **unsure) == score(negativity=0.1, **unsure)
    assert score(negativity=0.9, **unsure) == score(**dict.fromkeys(FEELINGS)), "as an issue without scores"


def test_an_issue_feels_as_its_items_do() -> None:
    items = pl.DataFrame(
        {
            name: [middle, middle, None]
            for name, middle in (
                ("valence", 0.2), ("valence_low", 0.1), ("valence_high", 0.4), ("arousal", 0.7), ("arousal_low", 0.5),
                ("arousal_high", 0.9), ("willingness", 0.3), ("willingness_low", 0.1), ("willingness_high", 0.6),
            )
        }
    )  # fmt: skip
    assert items.select(**feelings()).row(0) == (0.8, 0.3, 0.7, 0.4, 0.3, 0.5)
