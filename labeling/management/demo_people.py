"""Demo annotators: simulated people who labeled before anybody came. They err as people do, at set rates."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from labeling.management.demo_articles import NEIGHBOR, RARE, RULES


@dataclass(frozen=True)
class Slips:
    """How often somebody takes one class for another, each from 0 to 1.

    missed : of the rare class, taken for its neighbor
    added : of the neighbor, taken for the rare class
    other : of any class, taken for any other
    """

    missed: float
    added: float
    other: float

    def answer(self, truth: str, draw: Random) -> str:
        """The class that this person sees in an article of class `truth`.

        >>> Slips(missed=1, added=0, other=0).answer("Tech", Random(0))
        'Business'
        >>> Slips(missed=0, added=0, other=0).answer("Tech", Random(0))
        'Tech'
        """
        if draw.random() < self.other:
            return draw.choice([name for name in RULES if name != truth])
        draw_value = draw.random()
        if truth == RARE and draw_value < self.missed:
            return NEIGHBOR
        if truth == NEIGHBOR and draw_value < self.added:
            return RARE
        return truth


CAREFUL, HASTY = "simulated-ida", "simulated-otto"
ANNOTATORS = {
    CAREFUL: Slips(missed=0.05, added=0.0, other=0.01),
    HASTY: Slips(missed=0.6, added=0.06, other=0.02),
}
ADJUDICATOR = "simulated-vera"  # decides as the data set does
WHY = {  # what the adjudicator writes beside a decision
    RARE: "It is about the technology and who uses it.",
    NEIGHBOR: "It is about the company, not about what it makes.",
}
QUESTION = "A technology company, but the article is also about its figures. Is this Tech or Business?"


def describe_people() -> str:
    """The rates, for those who look at the project.

    >>> print(describe_people().split(": ")[1].split(";")[0])
    simulated-ida labels 5% of Tech as Business and 0% of Business as Tech, and mislabels 1% of the rest
    """
    rates = "; ".join(f"{name} labels {_told(slips)}" for name, slips in ANNOTATORS.items())
    return f"The first annotations are by simulated annotators: {rates}; {ADJUDICATOR} makes no mistakes."


def _told(slips: Slips) -> str:
    missed, added, other = (f"{100 * rate:.0f}%" for rate in (slips.missed, slips.added, slips.other))
    between = f"{missed} of {RARE} as {NEIGHBOR} and {added} of {NEIGHBOR} as {RARE}"
    return f"{between}, and mislabels {other} of the rest"
