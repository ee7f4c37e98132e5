"""The encoder: agrees with the reference, gives a text the same vector in any company, takes any text."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from painpoint_platform.errors import UserError
from painpoint_platform.sample.corpus import load_corpus
from painpoint_platform.text import embeddings, encoder_openvino, minilm
from painpoint_platform.text.converted_models import kept_model
from painpoint_platform.text.embeddings import (
    Embedder,
    Encoded,
    ModelEmbedder,
    compute_embeddings_for_items,
    count_tokens,
    load_embedder,
)
from painpoint_platform_tests.conftest import MODEL_CACHE

STRANGE = [
    "",
    " ",
    "\0",
    "a\0b",
    "🙂",
    "🤷‍♂️" * 40,
    "مرحبا بالعالم",
    "日本語の題名",
    "\ud800 lone",
    "x" * 5_000,
    "\n" * 9_000,
    "!?" * 999,
]


def sample_texts(count: int) -> list[str]:
    """Posts of the sample, as they are: short and long, prose, code, other languages."""
    items = load_corpus().items
    return [f"{item.title}\n{item.body}".strip() for item in items[:: len(items) // count]][:count]


# Torch is loaded, and reads what backends are compared on, in one worker only.
with_torch = pytest.mark.xdist_group("torch")
COMPARED = [*STRANGE, "Thank you!", "Sure.", "no", ".", "word " * 400, *sample_texts(30), "word " * 2_000]


@pytest.fixture(scope="module")
def reference() -> Embedder:
    return load_embedder(backend="torch", cache_dir=MODEL_CACHE)


@pytest.fixture(scope="module")
def expected(reference: Embedder) -> Encoded:
    return reference.encode(COMPARED)


def cosines(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (one * other).sum(axis=1)


@with_torch
def test_torch_gives_what_sentence_transformers_gives(expected: Encoded) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(minilm.model_folder()), device="cpu", local_files_only=True)
    assert model.max_seq_length == minilm.MAX_TOKENS
    found = model.encode(COMPARED[-12:], normalize_embeddings=True)
    np.testing.assert_allclose(expected.vectors[-12:], found, atol=1e-5)


@with_torch
@pytest.mark.parametrize(("precision", "least"), [("fp32", 0.99999), ("int8", 0.99)])
def test_every_text_agrees_with_torch(expected: Encoded, precision: str, least: float) -> None:
    found = load_embedder(backend="openvino", precision=precision, cache_dir=MODEL_CACHE).encode(COMPARED)
    lengths = np.linalg.norm(expected.middle, axis=1) * np.linalg.norm(found.middle, axis=1)
    for agreement in (cosines(expected.vectors, found.vectors), cosines(expected.middle, found.middle) / lengths):
        assert agreement.min() >= least, COMPARED[int(agreement.argmin())]


@with_torch
def test_middle_states_are_the_mean_of_the_tokens_states_after_layer_four() -> None:
    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained(str(minilm.model_folder()), local_files_only=True).eval()
    texts = [*sample_texts(3), "", "word " * 400]
    encoded = load_embedder(backend="openvino", precision="fp32", cache_dir=MODEL_CACHE).encode(texts)
    for row, ids in zip(encoded.middle, minilm.token_ids(texts), strict=True):
        with torch.inference_mode():  # one text at a time: nothing is padded
            states = model(torch.tensor([ids]), output_hidden_states=True).hidden_states[4][0]
        np.testing.assert_allclose(row, states.mean(dim=0).numpy(), atol=1e-4)


def test_embedding_and_encoding_give_the_same_vectors(embedder: Embedder) -> None:
    texts = [*sample_texts(10), "", "no"]
    encoded = embedder.encode(texts)
    np.testing.assert_array_equal(encoded.vectors, embedder.embed(texts))
    assert encoded.middle.shape == (12, 384)
    assert encoded.middle.dtype == np.float32
    assert np.isfinite(encoded.middle).all()
    none = embedder.encode([])
    assert none.vectors.shape == none.middle.shape == (0, 384)


@with_torch
def test_onnx_agrees_with_torch(expected: Encoded) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    found = load_embedder(backend="onnx", cache_dir=MODEL_CACHE).encode(COMPARED[:24])
    assert cosines(expected.vectors[:24], found.vectors).min() > 0.99999
    np.testing.assert_allclose(found.middle, expected.middle[:24], atol=1e-4)


def test_neighbours_survive_eight_bits(embedder: Embedder) -> None:
    texts = sorted(set(sample_texts(200)))
    precise = load_embedder(backend="openvino", precision="fp32", cache_dir=MODEL_CACHE)

    def neighbours(vectors: np.ndarray) -> np.ndarray:
        products = vectors @ vectors.T
        np.fill_diagonal(products, -1)
        return np.argsort(-products, axis=1)[:, :10]

    pairs = zip(neighbours(embedder.embed(texts)), neighbours(precise.embed(texts)), strict=True)
    assert np.mean([len(set(one) & set(other)) / 10 for one, other in pairs]) >= 0.94


def test_a_text_has_the_same_vector_in_any_company_and_order(embedder: Embedder) -> None:
    texts = sample_texts(60) + STRANGE
    together = embedder.encode(texts)
    backwards = embedder.encode(texts[::-1])
    alone = [embedder.encode([text]) for text in texts]
    for name in ("vectors", "middle"):
        np.testing.assert_array_equal(getattr(together, name), getattr(backwards, name)[::-1])
        np.testing.assert_array_equal(getattr(together, name), np.vstack([getattr(one, name) for one in alone]))


def test_the_number_of_threads_does_not_show(embedder: Embedder) -> None:
    texts = sample_texts(40)
    one, two = (load_embedder(threads=threads, cache_dir=MODEL_CACHE).embed(texts) for threads in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_any_text_becomes_a_unit_vector(embedder: Embedder) -> None:
    vectors = embedder.embed(STRANGE)
    assert vectors.shape == (len(STRANGE), 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_texts_become_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, 384)
    assert compute_embeddings_for_items(embedder, []).shape == (0, 384)


def test_a_megabyte_is_read_only_as_far_as_the_model_sees(embedder: Embedder) -> None:
    start = "The build fails with exit code 137 on the runner. " * 40
    megabyte = start + "unseen " * 150_000
    np.testing.assert_array_equal(embedder.embed([megabyte]), embedder.embed([start + "other words " * 100]))


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from(["a", "word", "naïve", " ", "\n", "-", "x" * 99, "y" * 250, "日", "🙂", " " * 700]),
        max_size=400,
    )
)
def test_reading_a_part_gives_the_tokens_of_the_whole(parts: list[str]) -> None:
    text = "".join(parts)
    whole = minilm._cutting_tokenizer().encode(text).ids
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(minilm, "_FIRST_REACH", 300)
        assert minilm.token_ids([text, "other"]) == [whole, minilm.token_ids(["other"])[0]]


def test_a_word_that_crosses_the_end_of_the_part_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    # The last token that fits begins a word of 250 characters, of which the part shows only 47: another token.
    text = "!" * 253 + "y" * 250
    whole = minilm._cutting_tokenizer().encode(text).ids
    monkeypatch.setattr(minilm, "_FIRST_REACH", 300)
    assert minilm.token_ids([text]) == [whole]


def test_tokens_are_counted_uncut() -> None:
    assert count_tokens(["hello world", "", "word " * 1_000, "\ud800"]) == [2, 0, 1_000, 1]
    assert count_tokens([]) == []


def test_identical_texts_are_run_once_and_progress_counts_all() -> None:
    rows = []

    def forward(ids: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows.append(len(ids))
        vectors = np.tile(np.arange(384, dtype=np.float32), (len(ids), 1)) + ids.sum(axis=1, keepdims=True)
        return vectors, -vectors

    seen: list[tuple[int, int]] = []
    texts = ["one", "two words", "one", "a much longer text " * 20] * 500
    encoded = ModelEmbedder("fake", forward).encode(texts, progress=lambda done, total: seen.append((done, total)))
    vectors = encoded.vectors
    np.testing.assert_array_equal(encoded.middle, -vectors)
    assert sum(rows) == 3
    assert vectors.shape == (2_000, 384)
    np.testing.assert_array_equal(vectors[0], vectors[2])
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (2_000, 2_000)


def test_no_batch_holds_more_than_a_thousand_texts() -> None:
    sizes = []

    def forward(ids: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        sizes.append(ids.shape)
        return np.zeros((len(ids), 384), np.float32), np.zeros((len(ids), 384), np.float32)

    ModelEmbedder("fake", forward).embed([f"t {number}" for number in range(2_500)])
    assert max(count for count, _ in sizes) <= 1_000
    assert sum(count for count, _ in sizes) == 2_500


def test_an_embedder_is_loaded_once_a_process(embedder: Embedder) -> None:
    assert load_embedder(cache_dir=MODEL_CACHE) is embedder


@with_torch
def test_versions_tell_backends_and_precisions_apart(embedder: Embedder, reference: Embedder) -> None:
    precise = load_embedder(backend="openvino", precision="fp32", cache_dir=MODEL_CACHE)
    assert len({embedder.version, reference.version, precise.version}) == 3
    assert "openvino-int8" in embedder.version


def test_the_fast_encoder_needs_neither_torch_nor_transformers() -> None:
    script = (
        "import sys, json; from pathlib import Path; from painpoint_platform.text.embeddings import load_embedder\n"
        f"load_embedder(backend='openvino', cache_dir=Path({str(MODEL_CACHE)!r})).embed(['a text', 'b' * 50])\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    modules = json.loads(subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=True).stdout)
    assert "openvino" in modules
    assert not {"torch", "transformers", "sentence_transformers", "nncf", "sklearn"} & set(modules)


def test_two_processes_may_convert_at_once(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; from painpoint_platform.text.embeddings import load_embedder\n"
        f"embedder = load_embedder(backend='openvino', precision='fp32', cache_dir=Path({str(tmp_path / 'm')!r}))\n"
        "print(embedder.embed(['hello there']).sum())"
    )
    both = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert answers[0] == answers[1]
    assert [path.name for path in (tmp_path / "m").iterdir()] == [
        f"all-MiniLM-L6-v2-53aa5117-openvino-fp32-v{encoder_openvino.CONVERSION}"
    ]


def test_the_second_of_two_conversions_gives_way(tmp_path: Path) -> None:
    folder = tmp_path / "model"

    def convert(made: Path) -> None:
        (made / "weights").write_text("late")
        folder.mkdir()
        (folder / "weights").write_text("first")

    assert (kept_model(folder, convert) / "weights").read_text() == "first"
    assert list(tmp_path.iterdir()) == [folder]


def test_a_conversion_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    def convert(made: Path) -> None:
        (made / "half").write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(UserError, match=r"model.*No space left.*DATA_DIR"):
        kept_model(tmp_path / "model", convert)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_converted_model_is_named(tmp_path: Path) -> None:
    name = f"all-MiniLM-L6-v2-53aa5117-openvino-fp32-v{encoder_openvino.CONVERSION}"
    (tmp_path / name).mkdir()
    (tmp_path / name / "model.xml").write_text("<broken")
    with pytest.raises(UserError, match=r"delete the folder"):
        encoder_openvino.load("fp32", 1, tmp_path)


def test_a_cache_folder_that_is_a_file_is_a_mistake_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot keep the converted encoder"):
        encoder_openvino.load("fp32", 1, tmp_path / "file")


def test_other_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"something else")
    with pytest.raises(UserError, match=r"model\.safetensors.*sha256 .* expected 53aa5117"):
        minilm.genuine_weights(tmp_path)


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"model\.safetensors.*missing"):
        minilm.genuine_weights(tmp_path)


@pytest.mark.parametrize(
    ("choice", "message"),
    [({"backend": "tensorflow"}, "auto, openvino, torch, onnx"), ({"precision": "int4"}, "int8 or fp32")],
)
def test_an_unknown_choice_names_the_allowed_ones(choice: dict[str, str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_embedder(**choice, cache_dir=MODEL_CACHE)


def test_a_backend_that_is_not_installed_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"needs the package onnxruntime.*pip install"):
        load_embedder(backend="onnx", cache_dir=MODEL_CACHE)
    with pytest.raises(UserError, match="no encoder backend is installed"):
        load_embedder(cache_dir=MODEL_CACHE)


def test_without_openvino_torch_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings.importlib.util, "find_spec", lambda name: None if name == "openvino" else object())
    assert embeddings.installed_backend("auto") == "torch"
