"""Speaker fields as transcripts print them."""

import pytest

from painpoint_platform.transcripts.speakers import parse_speaker, same_person, says_analyst, says_executive


@pytest.mark.parametrize(
    ("field", "name", "title", "firm"),
    [
        ("Jane Doe", "Jane Doe", None, None),
        ("Jane Doe, -", "Jane Doe", None, None),
        ("Jane Doe, Chief Financial Officer, Acme, Inc.", "Jane Doe", "Chief Financial Officer", "Acme, Inc."),
        ("Jane Doe, Acme, Inc. - SVP, CFO, and Treasurer", "Jane Doe", "SVP, CFO, and Treasurer", "Acme, Inc."),
        ("Ann Lee, Big Bank AG, Research Division - MD", "Ann Lee", "MD", "Big Bank AG, Research Division"),
        ("Ann Lee, Jr., CFA, Analyst, Big Bank", "Ann Lee, Jr., CFA", "Analyst", "Big Bank"),
        ("Ann Lee, Analyst", "Ann Lee", "Analyst", None),
        ("Ann Lee, Big Bank", "Ann Lee", None, "Big Bank"),
        ("Jane Doe;Director of Investor Relations, -", "Jane Doe", "Director of Investor Relations", None),
        ("Ann Lee -- Big Bank, Inc. -- Analyst", "Ann Lee", "Analyst", "Big Bank, Inc."),
        ("Jane Doe -- Chief Executive Officer", "Jane Doe", "Chief Executive Officer", None),
        ("Jane Doe, Acme Corp – CFO", "Jane Doe", "CFO", "Acme Corp"),
        ("Jane Doe - CFO, Acme", "Jane Doe", "CFO", "Acme"),
        ("Jane Doe (CFO, Acme)", "Jane Doe", "CFO", "Acme"),
        ("Suji Silva (ph), Big Bank - Analyst", "Suji Silva", "Analyst", "Big Bank"),
        ("<Q - Ann Lee>:", "Ann Lee", None, None),
        ("Charles (Chuck) Ray, Acme - CEO", "Charles (Chuck) Ray", "CEO", "Acme"),
        ("李明, 分析师, 中金公司", "李明", "分析师", "中金公司"),
        ("", "", None, None),
    ],
)
def test_name_title_and_firm_are_told_apart(field: str, name: str, title: str | None, firm: str | None) -> None:
    speaker = parse_speaker(field)
    assert (speaker.name, speaker.title, speaker.firm) == (name, title, firm)


@pytest.mark.parametrize(
    "field", ["Operator", "OPERATOR", "Conference Operator", "Operator 2", "Moderator", "Conference Host",
              "Conference Call Moderator", "Unidentified Operator", "Sam Jones, Operator", "Operator:", "[Operator]"],
)  # fmt: skip
def test_operators_moderators_and_hosts_are_known_by_name(field: str) -> None:
    assert parse_speaker(field).is_operator


@pytest.mark.parametrize(
    "field", ["Olga Operatova", "Jane Host, Acme - CEO", "Ann Moderator-Lee", "Unidentified Analyst"]
)
def test_other_names_are_no_operators(field: str) -> None:
    assert not parse_speaker(field).is_operator


@pytest.mark.parametrize(
    ("field", "analyst", "executive"),
    [
        ("Ann Lee, Big Bank - Analyst", True, False),
        ("Ann Lee, Big Bank PLC, Research Division - MD & President", True, False),
        ("Unidentified Analyst", True, False),
        ("Unidentified Audience Member", True, False),
        ("Jane Doe, Acme - CEO", False, True),
        ("Jane Doe, Acme - VP of IR", False, True),
        ("Jane Doe, Senior Vice President, Acme", False, False),
        ("Jane Doe, Acme - Chief Research Officer", False, True),
        ("Unidentified Company Representative", False, True),
        ("Unidentified Corporate Participant", False, True),
        ("Analyst", True, False),
        ("Q", True, False),
        ("Shareholder 2", True, False),
        ("A", False, True),
        ("Company Representative", False, True),
        ("Speaker 2", False, False),
        ("Marilyn Question", False, False),
        ("Unidentified Speaker", False, False),
    ],
)
def test_titles_say_who_asks_and_who_answers_where_they_do(field: str, analyst: bool, executive: bool) -> None:
    speaker = parse_speaker(field)
    assert (says_analyst(speaker), says_executive(speaker)) == (analyst, executive)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Ann Lee", "ANN LEE, Big Bank - Analyst", True),
        ("Mark May, Citi - Analyst", "Mark Alan May", True),
        ("J. Smith", "John Smith", True),
        ("Smith", "John Smith", True),
        ("José Núñez", "Jose Nunez", True),
        ("John Smith, Big Bank", "Jane Smith, Other Bank", False),
        ("Ann Lee", "Bob Ray", False),
        ("Mr. Smith", "Dr. John Smith", True),
        ("Chuck Ray", "Charles (Chuck) Ray", True),
        ("李 明", "李 华", False),
        ("Speaker 1", "SPEAKER 1", True),
        ("Speaker 1", "Speaker 2", False),
        ("Analyst 1", "Analyst 2", False),
        ("Unidentified Analyst", "Unidentified Analyst", True),
        ("Unidentified Analyst", "Ann Lee", False),
        ("", "", True),
    ],
)
def test_the_same_person_is_known_under_several_spellings(one: str, other: str, same: bool) -> None:
    assert same_person(parse_speaker(one), parse_speaker(other)) is same
    assert same_person(parse_speaker(other), parse_speaker(one)) is same
