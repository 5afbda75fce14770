"""Data cards: what a dataset version contains, for those who use it, and a paragraph for a paper.

Both are in English and in Markdown, whatever language the reader has: they go into repositories and papers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from labeling.exchange.models import Content, DatasetVersion

KINDS = {
    "single": "one class per document",
    "multi": "any number of classes per document",
    "spans": "labeled spans (offsets in code points, end exclusive)",
}
CONTENTS: dict[str, str] = {
    Content.ANNOTATORS: "the annotations of each annotator",
    Content.FINAL: "final labels only",
}
MAX_SHARE_NAMES = 8


def data_card(version: DatasetVersion) -> str:
    """The card of a frozen version, as Markdown."""
    counts, project = version.statistics, version.project
    lines = [
        f"# {project.name}, version {version.number}",
        *([f"**{version.name}**"] if version.name else []),
        *([version.note] if version.note else []),
        *([project.description] if project.description else []),
        "\n".join(
            [
                f"- Task: {KINDS[project.kind]}",
                f"- Frozen: {version.created_at:%Y-%m-%d %H:%M} UTC",
                f"- Content: {CONTENTS[version.content]}",
                f"- Documents: {counts['documents']:,}, labeled: {sum(counts['labeled'].values()):,}",
                f"- Annotations: {counts['annotations']:,}; predictions: {counts['predictions']:,}",
                f"- Guideline: {f'version {version.guideline}' if version.guideline else 'none'}",
                f"- Model in use: {f'version {version.model}' if version.model else 'none'}",
                f"- SHA-256 of the lines: `{version.sha256}` ({version.byte_count:,} bytes)",
            ]
        ),
        "## Classes",
        _table(("Class", "Spans" if project.kind == "spans" else "Documents"), _by_count(counts["classes"])),
        "## Splits",
        _table(
            ("Split", "Documents", "Labeled"),
            [(name, count, counts["labeled"].get(name, 0)) for name, count in counts["splits"].items()],
        ),
        "## Annotators",
        _table(("Annotator", "Annotations"), _named(counts["annotators"], "(not named)")),
        "## How documents were selected",
        _table(("Selected by", "Documents"), _named(counts["selected_by"], "imported")),
        "## Methods",
        methods(version),
    ]
    return "\n\n".join(lines) + "\n"


def methods(version: DatasetVersion) -> str:
    """A paragraph that a paper can use: annotators, overlap, agreement, selection and guidelines."""
    return " ".join(_sentences(version))


def _sentences(version: DatasetVersion) -> Iterator[str]:
    counts, project = version.statistics, version.project
    labeled = sum(counts["labeled"].values())
    yield (
        f"The dataset has {_count(counts['documents'], 'document')} ({KINDS[project.kind]}). "
        f"Documents with a final label: {labeled:,}; classes in final labels: {len(counts['classes'])}."
    )
    annotators = len([name for name in counts["annotators"] if name])
    if annotators:
        made = _count(sum(counts["annotators"].values()), "annotation")
        yield f"{_count(annotators, 'annotator')} made {made}."
    compared = counts["compared_documents"]
    if compared:
        text = f"Documents annotated independently by two or more annotators: {compared:,}; "
        text += f"they agreed in {counts['observed_agreement']:.1%} of pairs"
        if counts["alpha"] is not None and project.kind != "spans":
            text += f" (Krippendorff's alpha {counts['alpha']:.2f})"
        yield text + "."
    how = counts["resolutions"]
    if how:
        yield "Final labels: " + ", ".join(f"{count:,} {name}" for name, count in how.items()) + "."
    selected = {name: count for name, count in counts["selected_by"].items() if name}
    if selected:
        shares = ", ".join(f"{name} {count:,}" for name, count in _by_count(selected)[:MAX_SHARE_NAMES])
        yield (
            f"Documents were selected by active learning (documents by share of the queue: {shares}). "
            f"Documents with a known selection probability: {counts['with_probability']:,}."
        )
    test = counts["splits"].get("test", 0)
    if test:
        yield f"The test set of {_count(test, 'document')} was never used for training."
    versions = sorted(int(n) for n in counts["guideline_versions"] if n.isdigit())
    if versions:
        plural = "s" if len(versions) > 1 else ""
        yield f"Annotations follow guideline version{plural} {', '.join(map(str, versions))}."


def _by_count(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _named(counts: Mapping[str, int], unnamed: str) -> list[tuple[str, int]]:
    return [(name or unnamed, count) for name, count in _by_count(counts)]


def _count(number: int, noun: str) -> str:
    """
    >>> _count(1, "document"), _count(2000, "document")
    ('1 document', '2,000 documents')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _table(header: tuple[str, ...], rows: list[Any]) -> str:
    """A Markdown table; “None.” without rows."""
    if not rows:
        return "None."
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(_cell(value) for value in row) + " |" for row in lines)


def _cell(value: object) -> str:
    """
    >>> _cell("a|b"), _cell(1200)
    ('a\\\\|b', '1,200')
    """
    return f"{value:,}" if isinstance(value, int) else str(value).replace("|", "\\|").replace("\n", " ")
