"""Shards of a store: which ones there are, and how the last one grows. Folders `shard-NUMBER-ROWS`.

Growing the last shard writes a longer folder beside it and then removes the shorter one: a reader keeps what
it has mapped, and a crash between any two writes leaves the store as it was. One writer at a time.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labeling.learning.arrays import AnyArray
from labeling.learning.durable import tidy, write_folder

LOOKS = 10  # at the last shard: a writer may be replacing it


class GapInStore(ValueError):
    """Documents must be added in the order of their positions, without a gap."""


def shards_of(root: Path, shard_rows: int) -> list[tuple[int, Path]]:
    """(rows, folder) of each shard from the first on, all but the last full, up to a gap."""
    longest: dict[int, tuple[int, Path]] = {}
    for path in root.glob("shard-*"):
        number, rows = map(int, path.name.split("-")[1:])
        longest[number] = max(longest.get(number, (0, path)), (rows, path))
    behind = next(n for n in range(len(longest) + 1) if longest.get(n, (0,))[0] != shard_rows)
    return [longest[number] for number in range(behind + (behind in longest))]


def write_shard(
    root: Path, number: int, rows: int, pieces: Mapping[str, AnyArray], facts: Mapping[str, Any]
) -> Path:
    """Write shard `number` with that many rows, in place of the shorter one; return its folder."""
    tidy(root)
    prefix = f"shard-{number:06d}-"
    folder = root / f"{prefix}{rows:06d}"
    write_folder(folder, pieces, facts)
    for shorter in root.glob(f"{prefix}*"):
        if shorter != folder:
            shutil.rmtree(shorter, ignore_errors=True)
    return folder
