"""The issue_label task: its request, its reply, its rules."""

import pytest
from pydantic import ValidationError

from painpoint_platform.issues.labelling.issue_label import (
    CATEGORIES,
    ISSUE_LABEL,
    IssueLabel,
    LabelRequest,
    breaks_output_rules,
)

GOOD = {
    "canonical_title": "Exports lose rows",
    "category": "devtools",
    "description": "Exports lose every second row, e.g. at night. Reports built on them are wrong.",
    "would_pay_signal": False,
    "impact_level": "high",
}
POST = ("Nightly export drops rows", "After the update the nightly export silently drops every second row of my report")


def test_the_request_holds_what_the_contract_says():
    request = LabelRequest(cluster_size=7, sources={"github": 5, "reddit": 2}, representatives=[POST])
    assert request.payload == {
        "cluster_size": 7,
        "sources": {"github": 5, "reddit": 2},
        "representatives": [{"title": POST[0], "snippet": POST[1]}],
        "categories": list(CATEGORIES),
    }


@pytest.mark.parametrize(("size", "large"), [(50, False), (51, True)])
def test_a_cluster_over_fifty_items_is_large(size, large):
    assert LabelRequest(cluster_size=size, sources={}, representatives=[]).large is large


def test_a_good_label_is_accepted():
    assert IssueLabel.model_validate(GOOD).category == "devtools"


@pytest.mark.parametrize(
    "change",
    [
        {"canonical_title": "x" * 121},
        {"canonical_title": "  "},
        {"category": "software"},
        {"description": ""},
        {"description": "One. Two. Three."},
        {"would_pay_signal": "perhaps"},
        {"impact_level": "critical"},
        {"confidence": 0.9},
    ],
)
def test_a_bad_label_is_an_error(change):
    with pytest.raises(ValidationError):
        IssueLabel.model_validate(GOOD | change)


@pytest.mark.parametrize("missing", GOOD)
def test_every_field_is_required(missing):
    with pytest.raises(ValidationError):
        IssueLabel.model_validate({name: value for name, value in GOOD.items() if name != missing})


@pytest.mark.parametrize(
    "description",
    ["Node.js 18.2 fails, e.g. on Windows. It hangs.", 'Error "No. 5" appears.', "A vs. B differ in U.S. time zones!"],
)
def test_abbreviations_do_not_end_a_sentence(description):
    assert IssueLabel.model_validate(GOOD | {"description": description}).description == description


def test_copies_links_and_addresses_are_rejected():
    payload = LabelRequest(cluster_size=5, sources={}, representatives=[POST, ("Rows missing", "")]).payload
    label = IssueLabel.model_validate(
        GOOD | {"canonical_title": "Buy at https://evil.example", "description": f"Users say: {POST[1]}."}
    )
    problems = breaks_output_rules(payload, label)
    assert [problem.split(":")[0] for problem in problems] == ["canonical_title", "description"]


def test_the_schema_on_the_wire_has_no_limits_but_all_fields():
    schema = ISSUE_LABEL.reply_format.schema
    assert schema["required"] == list(GOOD)
    assert schema["additionalProperties"] is False
    assert schema["properties"]["category"]["enum"] == list(CATEGORIES)
    assert "maxLength" not in str(schema)
