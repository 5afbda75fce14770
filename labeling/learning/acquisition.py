"""Acquisition functions: which document would teach the model most? Probabilities in, informativeness out.

All point the same way: higher means label sooner. Entropy, least confidence and Kullback-Leibler disagreement
are left out on purpose: measured at or below random choice on sets with many classes.
"""

import numpy as np

from labeling.learning.arrays.types import AnyFloats, Doubles


def margin(probabilities: AnyFloats) -> Doubles:
    """How close the two most probable classes are; also the gap of the two most probable labels of several.

    probabilities : (n_documents, n_classes); rows of several labels need not sum to 1
    returns : (n_documents,) in [0, 1]; 1 when the two are equal, 0 when the model has no doubt

    Source: Scheffer, Decomain and Wrobel (2001); for several labels the gap of the two highest was
    the best of seven rules measured on GoEmotions.

    >>> margin(np.array([[.5, .5, 0.], [.9, .1, 0.], [.2, .7, .1]])).round(2)
    array([1. , 0.2, 0.5])
    """
    if probabilities.shape[1] < 2:
        return np.zeros(len(probabilities))
    top = np.partition(probabilities, -2, axis=1)[:, -2:].astype(np.float64)
    return 1 - (top[:, 1] - top[:, 0])


def vote_entropy(member_probabilities: AnyFloats) -> Doubles:
    """Disagreement of a committee, counted over its members' votes.

    member_probabilities : (n_members, n_documents, n_classes)
    returns : (n_documents,) nats; 0 when unanimous, log(n_members) at most

    Source: Dagan and Engelson (1995), without the constant that rescales it to [0, 1]: it does not change
    the order.

    >>> vote_entropy(np.array([[[.9, .1]], [[.2, .8]]])).round(2)
    array([0.69])
    """
    votes = member_probabilities.argmax(axis=2)
    entropies = np.zeros(votes.shape[1])
    for label_class in range(member_probabilities.shape[2]):
        entropies += _entropy((votes == label_class).mean(axis=0))
    return entropies


def label_vote_entropy(member_decisions: np.ndarray[tuple[int, int, int], np.dtype[np.bool_]]) -> Doubles:
    """Disagreement of a committee on several labels: the mean over the labels of the entropy of yes and no.

    member_decisions : (n_members, n_documents, n_classes), which labels each member would give
    returns : (n_documents,) nats in [0, log 2]

    >>> label_vote_entropy(np.array([[[True, False]], [[True, True]]])).round(3)
    array([0.347])
    """
    shares = member_decisions.mean(axis=0)
    entropies: Doubles = (_entropy(shares) + _entropy(1 - shares)).mean(axis=1)
    return entropies


def disagreement(vote_entropies: AnyFloats, consensus_margin: AnyFloats) -> Doubles:
    """Vote entropy with its many ties broken by the margin of the consensus.

    vote_entropies : (n_documents,) from `vote_entropy` or `label_vote_entropy`
    consensus_margin : (n_documents,) in [0, 1], `margin` of the members' mean probabilities
    returns : (n_documents,) the entropy plus at most 1e-4; a small committee's entropies differ by more

    >>> disagreement(np.array([0., 0., .69]), np.array([.2, .9, .1])).argsort()
    array([0, 1, 2])
    """
    broken: Doubles = vote_entropies.astype(np.float64) + 1e-4 * consensus_margin
    return broken


def _entropy(shares: Doubles) -> Doubles:
    """Elementwise -p log p, 0 at 0."""
    terms: Doubles = -shares * np.log(np.where(shares > 0, shares, 1)) + 0.0
    return terms
