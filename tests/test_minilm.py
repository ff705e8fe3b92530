"""The default model's graph computes what the original does, and nothing else is taken for it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from safetensors.numpy import load_file

from index import minilm, weights
from index.checksums import digest_of
from index.embedding import MiniLM
from index.engines import OnnxRuntime
from index.errors import WeightsError

DATA = Path(__file__).parent / "data"
SENTENCES: list[str] = json.loads((DATA / "minilm_sentences.json").read_text(encoding="utf-8"))
REFERENCE = np.load(DATA / "minilm_reference.npz")["vectors"]


@pytest.fixture(scope="module")
def original(models: Path) -> Path:
    """The folder of the installed original: weights and tokenizer."""
    return weights.minilm_places(models)[0]


def load(files: weights.MiniLMFiles) -> MiniLM:
    return MiniLM(files, OnnxRuntime(files.graph), workers=2)


def exported(folder: Path, original: Path, tensors: Mapping[str, np.ndarray]) -> Path:
    """A folder with the model in the form that exporters write: BERT's inputs, 64-bit, tokens' vectors out."""
    graph = minilm.Graph()
    graph.node("Cast", ["input_ids"], "ids", to=TensorProto.INT32)
    graph.node("Cast", ["attention_mask"], "mask", to=TensorProto.INT32)
    graph.node("Identity", [minilm.token_vectors(graph, tensors)], "last_hidden_state")
    shape = ["batch", "length"]
    names = ("input_ids", "attention_mask", "token_type_ids")
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "exported",
            [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in names],
            [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, [*shape, 384])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(minilm.FUSED, 1)],
        ir_version=8,
    )
    onnx.save(model, str(folder / "model.onnx"))
    shutil.copy(original / "tokenizer.json", folder)
    return folder


def test_the_graph_agrees_with_the_reference_on_fifty_sentences(models: Path) -> None:
    model = load(weights.find_minilm(models))
    vectors = model.passages(SENTENCES)
    assert len(SENTENCES) == 50
    assert np.sum(vectors * REFERENCE, axis=1).min() >= 0.9999
    assert max(model.count(SENTENCES)) > model.window
    model.close()


def test_openvino_agrees_with_the_reference_as_far_as_sixteen_bits_go(models: Path) -> None:
    pytest.importorskip("openvino", reason="the extra 'openvino' is not installed")
    from index.engines import OpenVINO

    files = weights.find_minilm(models)
    model = MiniLM(files, OpenVINO(files.graph, 2), workers=2)
    assert np.sum(model.passages(SENTENCES) * REFERENCE, axis=1).min() >= 0.999
    model.close()


def test_a_vector_of_another_model_is_told_from_the_references() -> None:
    weights.require_same_model(weights.probe_vector(), Path("graph"))
    with pytest.raises(WeightsError, match=r"cosine 0\.\d+ to the original's, 0\.999 is needed"):
        weights.require_same_model(REFERENCE[9], Path("graph"))


def test_weights_with_one_bit_changed_are_refused(original: Path, tmp_path: Path) -> None:
    content = bytearray((original / "model.safetensors").read_bytes())
    content[len(content) // 2] ^= 1
    changed = tmp_path / "model.safetensors"
    changed.write_bytes(content)
    with pytest.raises(
        WeightsError, match=rf"model\.safetensors is not the original.*{weights.WEIGHTS}.*make install"
    ):
        weights.kept_graph(changed, tmp_path)
    assert not list(tmp_path.glob("*.onnx"))


FLIPS = ("first", "middle", "last")


def flipped(source: Path, target: Path, where: str) -> Path:
    """The file with one bit changed."""
    content = bytearray(source.read_bytes())
    content[{"first": 0, "middle": len(content) // 2, "last": -1}[where]] ^= 1
    target.unlink(missing_ok=True)
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(content)
    return target


@pytest.mark.parametrize("name", weights.SMALL)
def test_each_of_the_models_files_with_a_bit_changed_is_refused(
    name: str, original: Path, models: Path, tmp_path: Path
) -> None:
    place = tmp_path / "model"
    shutil.copytree(original, place, ignore=shutil.ignore_patterns("*.safetensors"))
    (place / "model.safetensors").symlink_to(original / "model.safetensors")
    assert weights.find_minilm(models, [place])
    for where in FLIPS:
        flipped(original / name, place / name, where)
        with pytest.raises(
            WeightsError, match=rf"{name} is not the original.*{weights.SMALL[name]}.*make install"
        ):
            weights.find_minilm(models, [place])


def test_the_graph_and_its_record_with_a_bit_changed_are_made_anew_and_not_used(
    original: Path, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = weights.find_minilm(models).graph
    content, record = kept.read_bytes(), kept.with_suffix(".json").read_bytes()
    monkeypatch.setattr(minilm, "build", lambda source: content)  # it is always the same, and takes a second
    for where in FLIPS:
        for damaged, whole in ((kept, content), (kept.with_suffix(".json"), record)):
            for name in (kept, kept.with_suffix(".json")):
                (tmp_path / name.name).unlink(missing_ok=True)
                (tmp_path / name.name).symlink_to(name)
            flipped(damaged, tmp_path / damaged.name, where)
            graph = weights.find_minilm(tmp_path, [original]).graph
            assert graph.read_bytes() == content
            assert (tmp_path / damaged.name).read_bytes() == whole


def test_an_exported_model_is_held_to_the_files_first_used(original: Path, tmp_path: Path) -> None:
    place, models = tmp_path / "place", tmp_path / "models"
    place.mkdir()
    exported(place, original, load_file(original / "model.safetensors"))
    assert weights.find_minilm(models, [place]).exported
    weights.keep_hashes(weights.find_minilm(models, [place]).exported, models)
    assert weights.find_minilm(models, [place])
    for name in ("model.onnx", "tokenizer.json"):
        whole = (place / name).rename(tmp_path / name)
        for where in FLIPS:
            flipped(whole, place / name, where)
            with pytest.raises(WeightsError, match=rf"{name} has changed since .*remove .*exported\.json"):
                weights.find_minilm(models, [place])
        whole.replace(place / name)
    (models / "exported.json").write_text("{")
    with pytest.raises(WeightsError, match=r"exported\.json.* is damaged"):
        weights.find_minilm(models, [place])


def test_another_tokenizer_is_refused(original: Path, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").symlink_to(original / "model.safetensors")
    (tmp_path / "tokenizer.json").write_bytes((original / "tokenizer.json").read_bytes() + b"\n")
    with pytest.raises(WeightsError, match=r"tokenizer\.json is not the original"):
        weights.find_minilm(tmp_path, [tmp_path])


def test_the_graph_is_built_once(models: Path) -> None:
    first = weights.find_minilm(models).graph
    written = first.stat().st_mtime_ns
    assert weights.find_minilm(models).graph == first
    assert first.stat().st_mtime_ns == written


@pytest.mark.parametrize("damage", ["shortened", "no record"])
def test_a_damaged_graph_is_built_again(models: Path, tmp_path: Path, original: Path, damage: str) -> None:
    kept = weights.find_minilm(models).graph
    graph, record = tmp_path / kept.name, tmp_path / kept.with_suffix(".json").name
    shutil.copy(kept, graph)
    shutil.copy(kept.with_suffix(".json"), record)
    content = bytearray(graph.read_bytes())
    if damage == "shortened":
        graph.write_bytes(content[:1000])
    else:
        record.write_text("{")
    weights.find_minilm(tmp_path, [original])
    assert digest_of(graph) == digest_of(kept)
    assert sorted(path.name for path in tmp_path.iterdir()) == [record.name, graph.name]


def test_a_models_folder_that_cannot_be_written_is_named(original: Path, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    with pytest.raises(WeightsError, match=r"cannot be kept at .*models.*embedding\.models"):
        weights.kept_graph(original / "model.safetensors", tmp_path / "models")


def test_without_any_files_the_command_to_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"in none of: .*\. Run: make install"):
        weights.find_minilm(tmp_path, [tmp_path / "one", tmp_path / "two"])


def test_the_exported_form_gives_the_same_vectors(original: Path, tmp_path: Path) -> None:
    tensors = load_file(original / "model.safetensors")
    model = load(weights.find_minilm(tmp_path, [exported(tmp_path, original, tensors)]))
    assert np.sum(model.passages(SENTENCES) * REFERENCE, axis=1).min() >= 0.9999
    model.close()


def test_an_exported_model_that_is_another_one_is_refused(original: Path, tmp_path: Path) -> None:
    tensors = load_file(original / "model.safetensors")
    tensors["encoder.layer.2.output.dense.weight"] = -tensors["encoder.layer.2.output.dense.weight"]
    files = weights.find_minilm(tmp_path, [exported(tmp_path, original, tensors)])
    with pytest.raises(WeightsError, match=r"model\.onnx does not compute all-MiniLM-L6-v2"):
        load(files)


def test_an_exported_model_that_is_garbled_is_refused(original: Path, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"no graph at all")
    shutil.copy(original / "tokenizer.json", tmp_path)
    with pytest.raises(WeightsError, match=r"ONNX Runtime cannot run .*model\.onnx"):
        load(weights.find_minilm(tmp_path, [tmp_path]))
