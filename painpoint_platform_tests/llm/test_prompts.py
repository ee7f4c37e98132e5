"""Published prompts stay as they are."""

import hashlib
import json

import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.issues.labelling.issue_label import CATEGORIES, IssueLabel
from painpoint_platform.llm.prompts import changed_prompts, load_prompt
from painpoint_platform.llm.replies import extract_object
from painpoint_platform.paths import bundled


def test_no_published_prompt_was_changed():
    assert changed_prompts() == []


def test_a_changed_missing_or_unpublished_prompt_is_named(tmp_path):
    folder = tmp_path / "issue_label"
    folder.mkdir()
    (folder / "v1.md").write_text("old")
    (folder / "v2.md").write_text("new")
    digest = hashlib.sha256(b"older").hexdigest()
    (tmp_path / "published.sha256").write_text(f"{digest}  issue_label/v1.md\n{digest}  issue_label/v0.md\n")
    problems = changed_prompts(tmp_path)
    assert [problem.split(":")[0] for problem in problems] == [f"issue_label/v{n}.md" for n in (0, 1, 2)]


def test_a_missing_version_names_those_that_exist():
    with pytest.raises(UserError, match=r"v99.*there are: v1"):
        load_prompt("issue_label", "v99")


def test_the_fingerprint_is_that_of_the_file():
    path = bundled("prompts") / "issue_label" / "v1.md"
    assert load_prompt("issue_label", "v1").sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_examples_in_the_prompt_are_valid_and_every_category_is_explained():
    text = load_prompt("issue_label", "v1").text
    replies = [extract_object(line.partition("`")[2]) for line in text.splitlines() if line.startswith("Reply: ")]
    assert len(replies) == 2
    for reply in replies:
        IssueLabel.model_validate(reply)
    requests = [line.partition("`")[2].rstrip("`") for line in text.splitlines() if line.startswith("Input: ")]
    assert [next(iter(json.loads(request))) for request in requests] == ["task", "task"]
    assert all(f"`{category}`:" in text for category in CATEGORIES)
    assert all(f"`{name}`" in text for name in IssueLabel.model_fields)
