"""Which speaker fields of a call name the same person."""

import time
from itertools import permutations

from painpoint_platform.transcripts.people import people_of
from painpoint_platform.transcripts.speakers import parse_speaker


def people(*fields: str) -> list[str]:
    """Return the person of each field, and prove that the order in which they appear does not matter."""
    speakers = [parse_speaker(field) for field in fields]
    found = people_of(speakers)
    for order in permutations(speakers):
        assert people_of(order) == found
    return [found[speaker.key] for speaker in speakers]


def test_all_spellings_of_a_name_are_one_person() -> None:
    assert len(set(people("Cook", "Tim Cook", "Timothy D. Cook, Acme - CEO", "Mr. Cook"))) == 1


def test_a_name_that_could_be_two_people_is_a_person_of_its_own() -> None:
    assert len(set(people("J. Smith", "John Smith", "Jane Smith"))) == 3


def test_titles_that_contradict_are_of_two_people() -> None:
    assert len(set(people("Smith, Big Bank - Analyst", "Ann Smith, Acme - CFO"))) == 2


def test_a_crowd_of_one_surname_takes_no_time() -> None:
    letters = "abcdefghijklmnop"
    crowd = [parse_speaker(f"{a}{b}{c} Smith") for a in letters for b in letters for c in letters]
    began = time.process_time()
    assert len(set(people_of(crowd).values())) == len(crowd)
    assert time.process_time() - began < 2


def test_a_stand_in_is_nobody_else() -> None:
    assert people("", "Unidentified Analyst", "Ann Lee") == ["", "unidentified analyst", "ann lee"]
