"""Language detection: by table, on what has no language, and as a total function."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from painpoint_platform.text.language import detect_languages


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The application crashes whenever I save a large file"),
        ("en", "THE APPLICATION CRASHES WHEN SAVING"),
        ("de", "Die Anwendung stürzt beim Speichern ab"),
        ("fr", "L'application plante au démarrage"),
        ("es", "¿Cómo puedo guardar el archivo?"),
        ("pt", "O aplicativo trava ao salvar o arquivo"),
        ("it", "L'app si blocca quando salvo"),
        ("pl", "aplikacja się zawiesza przy zapisie"),
        ("ru", "Сохранение не работает уже неделю"),
        ("tr", "Uygulama kaydederken çöküyor"),
        ("ar", "التطبيق يتوقف عند الحفظ"),
        ("he", "האפליקציה קורסת"),
        ("ja", "保存に失敗します"),
        ("zh", "程序崩溃了,无法保存文件"),
        ("ko", "앱이 종료됩니다"),
    ],
)
def test_a_sentence_gets_its_language(language, text):
    assert detect_languages([text]) == [language]


@pytest.mark.parametrize(
    "text", ["", "ok", "404", "12345 67890 !!! 99", "😀😀😀", "\x00\x01", "\ud800\udfff", "a1b2c3"]
)
def test_too_little_text_has_no_language(text):
    assert detect_languages([text]) == [None]


@pytest.mark.parametrize("text", ["git rebase conflict", "pandas merge index error", "xlm qwrt zzpf brrk"])
def test_an_uncertain_guess_is_not_reported(text):
    assert detect_languages([text]) == [None]


def test_a_batch_keeps_its_order():
    texts = ["Die Anwendung stürzt beim Speichern ab", "", "The application crashes on every save"]
    assert detect_languages(texts) == ["de", None, "en"]
    assert detect_languages([]) == []


def test_only_the_beginning_of_a_text_is_read():
    english = "The application crashes whenever I save a large file. " * 10
    assert detect_languages([english + "Die Anwendung stürzt beim Speichern ab. " * 10_000]) == ["en"]


@given(st.lists(st.text(alphabet=st.characters(codec=None), max_size=80), max_size=5))
def test_every_text_gets_a_two_letter_code_or_none(texts):
    languages = detect_languages(texts)
    assert len(languages) == len(texts)
    assert all(language is None or (len(language) == 2 and language.islower()) for language in languages)
