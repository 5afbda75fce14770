"""Model files: where they lie, and whether they are those that this service wrote. A keyed digest tells."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from django.conf import settings

from labeling.predictions.models import ModelVersion


def model_folder(version: ModelVersion) -> Path:
    return Path(settings.MODELS_DIR) / str(version.project_id) / str(version.number)


def seal_of(version: ModelVersion) -> str:
    """HMAC-SHA256, hexadecimal, over names, sizes and contents of a version's files.

    The key comes from SECRET_KEY: whoever can write the files, or the database, cannot make another one.
    Project and number are signed too, so that no version passes for another.
    """
    key = hashlib.sha256(f"labeling.models:{settings.SECRET_KEY}".encode()).digest()
    mac = hmac.new(key, f"{version.project_id}/{version.number}".encode(), hashlib.sha256)
    folder = model_folder(version)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256")
        mac.update(f"\0{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        mac.update(content.digest())
    return mac.hexdigest()


def is_as_written(version: ModelVersion) -> bool:
    """Whether all files are there and none was damaged, changed or made under another key."""
    try:
        return hmac.compare_digest(seal_of(version), version.metadata.seal or "")
    except OSError:
        return False
