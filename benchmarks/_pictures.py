"""Learning-curve pictures: drawn from what `bench efficiency --json` recorded.

`python -m benchmarks._pictures RECORDED.json ...` keeps the mean curves in `docs/measured` and draws
`docs/pictures/curve-*.svg` from them. Nothing is measured here: anybody can draw the same pictures again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 56, 150, 44, 44
LINES = {  # strategy, model: name, color, dashes
    ("default", "committee"): ("default", "#0072b2", ""),
    ("margin", "committee"): ("margin", "#009e73", ""),
    ("random", "committee"): ("random", "#8c7a00", ""),
    ("margin", "plain"): ("plain, margin", "#d55e00", "6 4"),
    ("random", "plain"): ("plain, random", "#7a5195", "2 4"),
}


def mean_curves(recorded: Mapping[str, Any]) -> dict[str, Any]:
    """What the docs keep of one data set: macro F1, the mean over the seeds and half its 95% interval."""
    kept = {name: recorded[name] for name in ("data", "kind", "features", "has_descriptions", "pool", "test")}
    curves = []
    for strategy in recorded["strategies"]:
        by_seed = np.array([[point[2] for point in seed["curve"]] for seed in strategy["seeds"]])
        half = (
            1.96 * by_seed.std(axis=0, ddof=1) / np.sqrt(len(by_seed)) if len(by_seed) > 1 else 0 * by_seed[0]
        )
        curves.append(
            {
                "strategy": strategy["strategy"],
                "model": strategy["model"],
                "seeds": len(by_seed),
                "labels": [point[0] for point in strategy["seeds"][0]["curve"]],
                "macro_f1": by_seed.mean(axis=0).round(4).tolist(),
                "half_interval": half.round(4).tolist(),
                "aulc_macro_f1": strategy["aulc_macro_f1"],
                "full_macro_f1": strategy["full"]["macro_f1"],
            }
        )
    return kept | {"curves": curves}


def picture(kept: Mapping[str, Any]) -> str:
    """An SVG of the curves of one data set."""
    curves = [curve for curve in kept["curves"] if (curve["strategy"], curve["model"]) in LINES]
    labels = curves[0]["labels"]
    low = max(0.0, min(min(curve["macro_f1"]) for curve in curves) // 0.1 * 0.1)
    high = min(1.0, (max(max(curve["macro_f1"]) for curve in curves) // 0.05 + 1) * 0.05)

    def x(count: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (count - labels[0]) / max(labels[-1] - labels[0], 1)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low)

    title = f"{kept['data']}, {'sentence embeddings' if kept['features'] == 'full' else 'words only'}"
    about = f"Macro F1 by number of labels, mean of {curves[0]['seeds']} seeds with 95% intervals."
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-labelledby="t d" font-family="system-ui, sans-serif" font-size="12" fill="#333">',
        f'<title id="t">{escape(title)}</title><desc id="d">{escape(about)}</desc>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="#fff"/>',
        f'<text x="{LEFT}" y="24" font-size="15" font-weight="600">{escape(title)}</text>',
    ]
    parts += _axes(labels, low, high, x, y)
    names = sorted(
        ((curve["macro_f1"][-1], LINES[curve["strategy"], curve["model"]]) for curve in curves), reverse=True
    )
    heights = _apart([y(value) for value, _ in names])
    for curve in curves:
        _name, color, dashes = LINES[curve["strategy"], curve["model"]]
        triples = list(zip(curve["labels"], curve["macro_f1"], curve["half_interval"], strict=True))
        band = [(n, v + h) for n, v, h in triples] + [(n, v - h) for n, v, h in reversed(triples)]
        area = " ".join(f"{x(n):.1f},{y(min(max(v, low), high)):.1f}" for n, v in band)
        line = " ".join(f"{x(n):.1f},{y(v):.1f}" for n, v, _ in triples)
        parts.append(f'<polygon points="{area}" fill="{color}" opacity=".12"/>')
        parts.append(
            f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="2" '
            f'stroke-dasharray="{dashes}"/>'
        )
    for (_value, (name, color, _dashes)), height in zip(names, heights, strict=True):
        parts.append(f'<text x="{WIDTH - RIGHT + 10}" y="{height + 4:.1f}" fill="{color}">{name}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _axes(labels: Sequence[int], low: float, high: float, x: Any, y: Any) -> list[str]:
    parts = []
    for value in np.arange(low, high + 1e-9, 0.1 if high - low > 0.25 else 0.05):
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#ddd"/>'
            f'<text x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.2f}</text>'
        )
    step = max(1, len(labels) // 5)
    for count in labels[step - 1 :: step]:
        parts.append(
            f'<text x="{x(count):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{count}</text>'
        )
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">labels</text>')
    return parts


def _apart(heights: Sequence[float], minimum: float = 15) -> list[float]:
    """Heights from top to bottom, moved down where two would overlap.

    >>> _apart([10.0, 12.0, 40.0])
    [10.0, 25.0, 40.0]
    """
    heights_apart: list[float] = []
    for height in heights:
        heights_apart.append(max(height, heights_apart[-1] + minimum) if heights_apart else height)
    return heights_apart


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recorded", nargs="*", type=Path, help="JSON of `bench efficiency`; none: draw again")
    parser.add_argument("--into", type=Path, default=Path("docs"))
    options = parser.parse_args()
    for path in options.recorded:
        for result in json.loads(path.read_text())["results"]:
            if result["kind"] == "spans":
                continue
            words = "" if result["has_descriptions"] else "-undescribed"
            name = f"{result['data'].replace('@', '-')}-{result['features']}{words}.json"
            (options.into / "measured" / name).write_text(json.dumps(mean_curves(result), indent=1) + "\n")
    for path in sorted((options.into / "measured").glob("*.json")):
        sampled = options.into / "pictures" / f"curve-{path.stem}.svg"
        sampled.write_text(picture(json.loads(path.read_text())))


if __name__ == "__main__":
    main()
