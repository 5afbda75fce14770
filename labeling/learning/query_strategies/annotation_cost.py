"""Annotation cost: how long an annotator needs for a text, and what a second of work teaches.

Per document the most uncertain texts are long ones, per token short ones; what matters is the time they take,
and that a project can measure: seconds = a + b * tokens. Both rules are extremes of the one used here.
"""

from dataclasses import dataclass

import numpy as np

from labeling.learning.arrays.types import AnyFloats, AnyIntegers, Doubles

MIN_ANSWERS = 20  # measured ones, before the project's own times are believed at all
PRIOR_ANSWERS = 20  # as many answers does the prior weigh
ROUNDS = 5  # of fitting, each with the answers cut by the line before
LARGEST_RATIO = 3  # of measured to expected seconds, and its inverse: beyond is a coffee, or a slip


@dataclass(frozen=True)
class Cost:
    """What an annotator needs for one text.

    per_document : seconds, whatever its length; per_token : seconds for each token more; both at least 0
    """

    per_document: float
    per_token: float

    def seconds(self, token_counts: AnyIntegers | Doubles) -> Doubles:
        """Expected seconds for texts of so many tokens: (n,), above 0.

        >>> Cost(2., .5).seconds(np.array([0, 10]))
        array([2., 7.])
        """
        expected: Doubles = np.maximum(self.per_document + self.per_token * token_counts, 1e-3)
        return expected


PER_TOKEN = Cost(0.0, 1.0)  # a budget counted in tokens
PRIOR = Cost(2.0, 0.5)  # to open and submit; to read a word and mark it where needed


def fit_cost(seconds: AnyFloats, token_counts: AnyIntegers, prior: Cost = PRIOR) -> Cost:
    """Learn a project's cost from measured answers.

    seconds : (n,) of focused work, each at least 0; token_counts : (n,) of the same documents
    returns : the prior where there are fewer than `MIN_ANSWERS`; else the line of least squared relative
        error with both parts at least 0, drawn towards the prior, which is first brought to the team's speed

    Answers that took many times or a fraction of what such a text usually takes are cut to that.

    >>> counts = np.arange(1, 201)
    >>> learned = fit_cost(10 + 0.1 * counts, counts)
    >>> round(learned.per_document), round(learned.per_token, 2)
    (9, 0.11)
    """
    if len(seconds) < MIN_ANSWERS:
        return prior
    pace = max(float(np.median(seconds / prior.seconds(token_counts))), 1e-3)
    cost = before = Cost(pace * prior.per_document, pace * prior.per_token)
    lengths = np.quantile(token_counts, (np.arange(PRIOR_ANSWERS) + 0.5) / PRIOR_ANSWERS)
    tokens = np.concatenate([token_counts, lengths])
    for _ in range(ROUNDS):
        usual = cost.seconds(token_counts)
        measured = np.clip(seconds, usual / LARGEST_RATIO, usual * LARGEST_RATIO)
        seconds_to_fit = np.concatenate([measured, before.seconds(lengths)])
        cost = _line(tokens, seconds_to_fit, 1 / cost.seconds(tokens))
    return cost


def per_second(log_likelihoods: AnyFloats, token_counts: AnyIntegers, cost: Cost) -> Doubles:
    """Uncertainty of each text for a second of an annotator's work: (n,) nats per second, higher is sooner.

    log_likelihoods : (n,) of the most probable tags, at most 0

    With a cost per token only this is MNLP (Shen et al., 2017), with one per document only it is total least
    confidence (Culotta and McCallum, 2005). Uncertainty per cost: Settles, Craven and Friedland (2008).

    >>> per_second(np.array([-2., -3.]), np.array([4, 10]), Cost(0., 1.))
    array([0.5, 0.3])
    >>> per_second(np.array([-2., -3.]), np.array([4, 10]), Cost(1., 0.))
    array([2., 3.])
    """
    rates: Doubles = -log_likelihoods.astype(np.float64) / cost.seconds(token_counts) + 0.0
    return rates


def _line(tokens: Doubles, targets: Doubles, weights: Doubles) -> Cost:
    """The non-negative line of least weighted squares: the best of the free one and those through an axis."""
    both = np.stack([np.ones(len(tokens)), tokens], axis=1) * weights[:, None]
    target = targets * weights
    free = np.linalg.lstsq(both, target, rcond=None)[0]
    flat, steep = (float(part @ target / max(part @ part, 1e-12)) for part in both.T)
    lines = [(float(free[0]), float(free[1])), (flat, 0.0), (0.0, steep)]
    allowed = [line for line in lines if min(line) >= 0]
    errors = [float(((both @ np.array(line) - target) ** 2).sum()) for line in allowed]
    return Cost(*allowed[int(np.argmin(errors))])
