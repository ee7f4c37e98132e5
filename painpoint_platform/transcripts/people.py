"""The people of a call: which of its speaker fields name the same one.

Belongs here: what all names of a call say together. Does not belong here: what two fields say (``speakers``), who asks
and who answers (``roles``).

A call prints one person as "Timothy D. Cook", "Tim Cook" and "Cook". Two fields may be the same person while a third
shows that they are not: "Smith" is nobody in particular where both John and Jane Smith speak.
"""

from collections.abc import Iterable, Mapping

from painpoint_platform.transcripts.speakers import Speaker, same_person, says_analyst, says_executive

# A word that more people share than speak in any call says nothing, and comparing them all would take long.
MOST_SHARING = 50


def people_of(speakers: Iterable[Speaker]) -> Mapping[str, str]:
    """Return, for each ``Speaker.key``, the key of the longest name of that person; a stand-in is its own.

    A name that could be several people of the call is a person of its own, and so is one whose title contradicts.
    """
    by_key: dict[str, Speaker] = {}
    for speaker in speakers:
        known = by_key.setdefault(speaker.key, speaker)
        if speaker.title and not known.title:
            by_key[speaker.key] = speaker
    person = {key: key for key in by_key}
    # Whoever is the same person shares a first or last word, so that not everybody is compared with everybody.
    sharing: dict[str, list[Speaker]] = {}
    for one in sorted(by_key.values(), key=_longest_first):
        ends = {one.words[0], one.words[-1]} if one.words else set()
        others = {other.key: other for word in ends for other in sharing.get(word, ()) if _may_be(one, other)}
        if len(others) == 1:
            (person[one.key],) = others
        else:
            for word in one.words:
                if len(sharing.setdefault(word, [])) < MOST_SHARING:
                    sharing[word].append(one)
    return person


def _longest_first(speaker: Speaker) -> tuple[int, int, str]:
    return -len(speaker.words), -len(speaker.key), speaker.key


def _may_be(one: Speaker, other: Speaker) -> bool:
    contradicts = (says_analyst(one) and says_executive(other)) or (says_executive(one) and says_analyst(other))
    return same_person(one, other) and not contradicts
