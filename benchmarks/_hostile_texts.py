"""Texts of the longest guideline's size that make parsers, sanitisers and comparisons slow."""

from __future__ import annotations

from collections.abc import Iterator

SIZE = 100_000  # characters
PIECES = (
    "[", "![", "](", "[](", "[a](", "[a](b", "[a](b 'c", "[a](<b>", "[a](<div>", "[[a]]", "[a][b]",
    "[\\]", "![[](", "*", "*a ", "a*", " *a*", "**a", "***a", "_a", "__a", "*_", "_*~~", "*a _b ",
    "**x** ", "a**b", "~~a", "~", "`", "`a``", "a`", "```\n", "~~~", "&", "&#", "&amp;", "\\", "\x00",
    "\ufdd0", "😀", "\t", "\n", "a\n\n", "<", "<a ", "<!--", "<?", "<![CDATA[", "<a href='", "<http://a",
    "<x@", "<div>", "<table><p>", "<https://a.b>", ">", "> ", ">> ", "> \n", "> - ", "- ", "-\t", "+ ",
    "* * ", "1. ", "0) ", "- a\n", "* a\n\n", "*\n\n", "-\n", "# ", "#\n", "---\n", "a\n==\n",
    "    a\n", "[a]: b\n", "[a]: <b\n", "|", "| |", "|-", "|-|\n", "a|b\n", "|\n|", "| a |\n|---|\n",
)  # fmt: skip


def repeated(text: str, size: int = SIZE) -> str:
    return (text * (size // len(text) + 1))[:size]


def texts() -> Iterator[str]:
    """Each piece over and over: in one line, in lines of twenty, in paragraphs, opened and closed later."""
    closing = {"[": "](a)", "![": "](a)", "<": ">", "[a](": ")"}
    for piece in PIECES:
        yield repeated(piece)
        yield repeated(piece * 20 + "\n")
        yield repeated(repeated(piece, 3000) + "\n\n")
        yield repeated(piece, SIZE // 2) + repeated(closing.get(piece, piece), SIZE // 2)
    yield "".join("a" + "`" * length for length in range(440))
    yield "".join("\t" * 10 * depth + "- " * 20 + "a\n" for depth in range(140))[:SIZE]
    yield "".join("> " * depth + "a\n" for depth in range(310))[:SIZE]
    yield ("".join(f"[a{n}]: b\n" for n in range(6000)) + "\n" + "".join(f"[a{n}]" for n in range(6000)))[
        :SIZE
    ]
    for columns in (2, 10, 50, 100, 300, 1000, 10_000):
        header = "|a" * columns + "|\n" + "|-" * columns + "|\n"
        yield (header + repeated("x\n"))[:SIZE]
        yield repeated(header + "x\n" * columns + "\n")


def pairs() -> Iterator[tuple[str, str]]:
    """Two versions that share little in many ways, or much in the wrong places."""
    yield "x\n" * 1000, "x\ny\n" * 1000
    yield repeated("x\n"), repeated("y\n")
    yield repeated("a b "), repeated("b a ")
    yield "a\n\n" * 999, "\na\n" * 999
    yield "".join(f"{n}\n\n" for n in range(1000)), "".join(f"-{n}\n\n" for n in range(1000))
    for words, lines in ((1, 2000), (10, 2000), (100, 60), (140, 300), (150, 300)):
        yield (
            "".join(" ".join(str(n * w % 7) for w in range(words)) + "\n" for n in range(lines))[:SIZE],
            "".join(" ".join(str(n * w % 11) for w in range(words)) + "\n" for n in range(lines))[:SIZE],
        )
