"""Benchmark frame: what all measurements need. Percentiles, the machine they ran on, one way to print."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Median, 95th and 99th percentile of durations, in milliseconds; zeros for none.

    >>> percentiles([0.001, 0.002, 0.003])
    {'p50': 2.0, 'p95': 3.0, 'p99': 3.0}
    """
    ordered = sorted(seconds) or [0.0]
    return {
        f"p{share}": round(ordered[min(len(ordered) - 1, len(ordered) * share // 100)] * 1000, 2)
        for share in (50, 95, 99)
    }


def machine() -> dict[str, Any]:
    """Whose figures these are, and how busy it was with other work."""
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line]
    return {
        "cpu": models[0].partition(":")[2].strip() if models else platform.machine(),
        "cores": os.cpu_count(),
        "load": [round(load, 1) for load in os.getloadavg()],
        "python": platform.python_version(),
    }


def server_cpu_seconds(backend: int) -> float:
    """CPU time of the PostgreSQL server that has this backend, with all its processes, living and gone."""
    postmaster = int(_stat(backend)[1])
    living = [_stat(int(path.name)) for path in Path("/proc").iterdir() if path.name.isdigit()]
    ticks = sum(int(stat[11]) + int(stat[12]) for stat in living if stat and int(stat[1]) == postmaster)
    return (ticks + sum(int(part) for part in _stat(postmaster)[11:15])) / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """The fields of a process from its state on; none where it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def show(result: Mapping[str, Any], *, is_json: bool) -> None:
    """One JSON object, or a line a figure."""
    if is_json:
        print(json.dumps(result))
    else:
        for name, value in result.items():
            print(f"{name:24} {value}")
