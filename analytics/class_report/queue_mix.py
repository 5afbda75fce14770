"""Queue mix chart: where the next labels go. The shares of the order of now."""

from __future__ import annotations

from dataclasses import dataclass

from analytics.charts.bars import Bar, BarChart, Part, bar_chart
from analytics.class_report.queue_shares import QueueShares
from labeling.web.queue_mix import SHARES


@dataclass(frozen=True)
class QueueMixReport:
    """The shares, the largest first: name, what it is for, documents, share of all."""

    parts: list[tuple[str, str, int, float]]
    chart: BarChart
    documents: int


def queue_mix(shares: QueueShares) -> QueueMixReport | None:
    """None while nothing is ranked."""
    whole = shares.entries
    if not whole:
        return None
    parts = []
    for share, count in sorted(shares.by_share().items(), key=lambda pair: -pair[1]):
        name, purpose = SHARES.get(share, (share, ""))
        parts.append((str(name), str(purpose), count, count / whole))
    bars = [Bar(name, (Part(share, name),)) for name, _purpose, _count, share in parts]
    return QueueMixReport(parts, bar_chart(bars, is_share=True), whole)
