"""The language a text is written in, offline.

Belongs here: detection and its thresholds. Does not belong here: cleaning the text first, dropping items by language.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

_READ_CHARS = 300  # more hardly changes the answer, and the cost is proportional
_MIN_LETTER_BYTES = 10  # in UTF-8, so that four Chinese characters weigh as much as a short English phrase
_MIN_PROBABILITY = 0.4  # on English issue titles and questions, at most 0.5 % get a wrong language from here on
_NO_LANGUAGE = "zxx"  # ISO 639-2 for "no linguistic content": code, hashes, logs


def detect_languages(texts: Sequence[str]) -> list[str | None]:
    """Return the ISO 639-1 code of each text's language; None where it is too short, uncertain or no language.

    The first 300 characters of a text are read. Some 10,000 texts a second on one quiet core: the model (py3langid's
    naive Bayes over byte n-grams) is loaded once a process, and its own cost is a table look-up per byte.
    """
    if not texts:
        return []
    identifier = _identifier()
    return [_detect(identifier, text[:_READ_CHARS]) for text in texts]


def _detect(identifier: Any, text: str) -> str | None:
    letters = "".join(filter(str.isalpha, text))
    if len(letters.encode("utf-8", "ignore")) < _MIN_LETTER_BYTES:
        return None
    language, probability = identifier.classify(text)
    return str(language) if probability >= _MIN_PROBABILITY and language != _NO_LANGUAGE else None


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    # Three-letter codes are small languages and pidgins that take probability from the large one beside them.
    two_letter = {code for code in identifier.nb_classes if len(code) == 2}
    identifier.set_languages([*sorted(two_letter), _NO_LANGUAGE])
    return identifier
