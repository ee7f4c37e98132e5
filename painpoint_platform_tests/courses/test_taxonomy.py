"""The taxonomy file, and which label a text names."""

import pytest

from painpoint_platform.courses.taxonomy import SNAKE_CASE, canonical_label, load_taxonomy
from painpoint_platform.errors import UserError

FAMILIES = [
    "assessment_material_misalignment", "unclear_or_ambiguous_instructions", "course_pacing_or_workload",
    "technology_or_platform_issues", "staffing_or_instructor_availability", "course_structure_or_navigation",
    "prerequisite_or_readiness_mismatch", "other_or_uncategorized",
]  # fmt: skip
FINER = [
    "platform_or_environment_failures", "missing_or_low_quality_materials", "evaluator_inconsistency_or_poor_feedback",
    "workflow_or_policy_barriers", "missing_or_broken_resources", "instructor_or_support_unresponsiveness",
    "tooling_environment_misconfiguration_or_guidance", "grading_or_answer_key_or_process_issues",
    "workload_or_scope_issues", "proctoring_or_exam_platform_issues", "scheduling_or_simulation_availability_issues",
    "ai_detection_confusion_and_false_flags", "prerequisite_gaps_or_unpreparedness", "external_tool_dependency_risks",
]  # fmt: skip


def load(tmp_path, text: str, encoding: str = "utf-8"):
    path = tmp_path / "taxonomy.csv"
    path.write_bytes(text.encode(encoding))
    return load_taxonomy(path)


def test_the_taxonomy_of_the_project_holds_the_seeded_labels_and_reports_them_under_the_eight_families():
    taxonomy = load_taxonomy()
    assert [entry.label for entry in taxonomy] == FAMILIES + FINER
    assert {entry.family for entry in taxonomy} == set(FAMILIES)
    assert all(entry.meaning.endswith(".") for entry in taxonomy)


def test_an_analyst_may_bring_labels_and_families_of_their_own(tmp_path):
    taxonomy = load(tmp_path, '\ufefflabel,family,meaning\r\nfees,fees,Money.\r\n\r\nlate_fees,fees,"More, money."\r\n')
    assert [(entry.label, entry.family, entry.meaning) for entry in taxonomy] == [
        ("fees", "fees", "Money."), ("late_fees", "fees", "More, money."),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a,a,One.\na,a,Two.\n", r"taxonomy.csv:3: label 'a' stands on line 2 already"),
        ("a_b,a_b,One.\na__b,a_b,Two.\n", r":3: label 'a__b' is not snake_case; write a_b\n.*:3: .*on line 2 already"),
        ("Poor Video,a,One.\na,a,Two.\n", r":2: label 'Poor Video' is not snake_case; write poor_video"),
        ("a,a,One.\nb,c,Two.\n", r":3: unknown family 'c'; .*: a$"),
        ("a,a,One.\nb,,Two.\n", r":3: unknown family ''"),
        ("a,a,One.\nb,a,\n", r":3: label 'b' has no meaning"),
        ("a,a,One, two.\n", r":2: found 4 values, expected 3; .*quotes"),
        ('a,a,"One\nline"\nb,c,Two.\n', r":4: unknown family 'c'"),
        ("", r":2: there are no labels"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path, rows, message):
    with pytest.raises(UserError, match=message):
        load(tmp_path, f"label,family,meaning\n{rows}")


def test_all_mistakes_are_named_at_once(tmp_path):
    with pytest.raises(UserError) as raised:
        load(tmp_path, "label,family,meaning\nA,a,\na,a,One.\nb,x,Two.\n")
    assert [line.split(":")[1] for line in str(raised.value).splitlines()] == ["2", "2", "3", "4"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,family,meaning\na,a,One.\n", r":1: found the columns name, family, meaning; expected label, family"),
        ("", r"the file is empty"),
        (" , \n", r":1: found the columns none"),
        ('label,family,meaning\na,a,"One.\n', r"line 2: malformed CSV"),
    ],
)
def test_what_is_no_taxonomy_is_said_so(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        load(tmp_path, text)


def test_a_missing_file_and_a_wrong_encoding_are_said_so(tmp_path):
    with pytest.raises(UserError, match="COURSES_TAXONOMY_FILE"):
        load_taxonomy(tmp_path / "gone.csv")
    with pytest.raises(UserError, match="UTF-8"):
        load(tmp_path, "label,family,meaning\na,a,Müll.\n", "latin-1")


@pytest.mark.parametrize(
    "text",
    [
        "course_pacing_or_workload", "Course Pacing or Workload", "course-pacing-or-workload",
        "COURSE_PACING_OR_WORKLOAD",
        "  course  pacing\u00a0or\tworkload ", "course\u2011pacing\u2013or workload", "CoursePacingOrWorkload",
        "course_pacing_or_workload.", "COURSEPACING OR-WORKLOAD",
    ],
)  # fmt: skip
def test_a_label_that_differs_in_case_and_separators_is_the_seeded_one(text):
    assert canonical_label(text, load_taxonomy()) == "course_pacing_or_workload"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Captioning gaps", "captioning_gaps"), ("poorCaptions", "poor_captions"),
        ("Café fees (late)", "cafe_fees_late"),
        ("course_pacing", "course_pacing"), ("", "other_or_uncategorized"), ("教材", "other_or_uncategorized"),
        ("__x__", "x"),
    ],
)  # fmt: skip
def test_another_label_becomes_snake_case(text, label):
    found = canonical_label(text, load_taxonomy())
    assert found == label
    assert SNAKE_CASE.fullmatch(found)
