"""Atomic folders: arrays reach the disk so that a crash leaves either all of them or none.

Everything is written into a hidden folder beside the target, flushed, and renamed: the rename is the moment
at which it exists. Arrays are `.npy` without pickle, metadata is JSON; nothing read back can run code.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from labeling.learning.arrays.types import AnyArray

METADATA_FILE = "facts.json"
HIDDEN = ".writing-"


def write_folder(folder: Path, arrays: Mapping[str, AnyArray], metadata: Mapping[str, Any]) -> None:
    """Write a folder of arrays and metadata, all or nothing. An existing folder of that name is kept.

    arrays : name to array, one `NAME.npy` each
    metadata : anything JSON can say
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = folder.parent / f"{HIDDEN}{uuid.uuid4().hex}"
    beside.mkdir()
    try:
        for name, array in arrays.items():
            with open(beside / f"{name}.npy", "wb") as file:
                np.save(file, np.ascontiguousarray(array), allow_pickle=False)
                os.fsync(file.fileno())
        with open(beside / METADATA_FILE, "w", encoding="utf-8") as text:
            json.dump(metadata, text, sort_keys=True)
            text.flush()
            os.fsync(text.fileno())
        _publish(beside, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def read_folder(folder: Path, *, mapped: bool = False) -> tuple[dict[str, AnyArray], dict[str, Any]]:
    """The arrays and metadata of a folder; memory-mapped, read-only arrays where asked for.

    Raises FileNotFoundError where the folder was never finished.
    """
    metadata: dict[str, Any] = json.loads((folder / METADATA_FILE).read_text(encoding="utf-8"))
    arrays: dict[str, AnyArray] = {
        path.stem: np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
        for path in folder.glob("*.npy")
    }
    return arrays, metadata


def tidy(parent: Path) -> None:
    """Remove what a killed writer left half written. Only one writer may be at work below `parent`."""
    for leftover in parent.glob(f"{HIDDEN}*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _publish(beside: Path, folder: Path) -> None:
    try:
        beside.rename(folder)
    except OSError:
        if not (folder / METADATA_FILE).exists():
            raise
        return  # somebody wrote the same folder first; its content is as good as ours
    handle = os.open(folder.parent, os.O_RDONLY)
    try:
        os.fsync(handle)  # the rename itself must survive a power cut
    finally:
        os.close(handle)


def shards_of(root: Path, shard_rows: int) -> list[tuple[int, Path]]:
    """(rows, folder) of each shard from the first on, all but the last full, up to a gap."""
    longest: dict[int, tuple[int, Path]] = {}
    for path in root.glob("shard-*"):
        number, rows = map(int, path.name.split("-")[1:])
        longest[number] = max(longest.get(number, (0, path)), (rows, path))
    behind = next(n for n in range(len(longest) + 1) if longest.get(n, (0,))[0] != shard_rows)
    return [longest[number] for number in range(behind + (behind in longest))]


def write_shard(
    root: Path, number: int, rows: int, pieces: Mapping[str, AnyArray], metadata: Mapping[str, Any]
) -> Path:
    """Write shard `number` with that many rows, in place of the shorter one; return its folder."""
    tidy(root)
    prefix = f"shard-{number:06d}-"
    folder = root / f"{prefix}{rows:06d}"
    write_folder(folder, pieces, metadata)
    for shorter in root.glob(f"{prefix}*"):
        if shorter != folder:
            shutil.rmtree(shorter, ignore_errors=True)
    return folder
