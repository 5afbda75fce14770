"""Losses of formats: what a data set contains that a file of another tool has no room for."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, TypeAlias

from labeling.formats.outlines import DatasetFeatures
from labeling.formats.records import gettext_noop

Part: TypeAlias = Literal[
    "annotators", "metadata", "splits", "overlaps", "no_class", "predictions", "provenance", "guideline"
]

_SENTENCES: dict[Part, str] = {
    "annotators": gettext_noop(
        "Only final labels are written. Annotators are left out, and disputed documents are unlabeled."
    ),
    "metadata": gettext_noop("Metadata is left out."),
    "splits": gettext_noop("The split into pool and test set is left out."),
    "overlaps": gettext_noop("Overlapping spans are left out."),
    "no_class": gettext_noop("Documents to which no class applies are written as unlabeled."),
    "predictions": gettext_noop("Predictions of models are left out."),
    "provenance": gettext_noop("Times, notes, guideline versions and selection probabilities are left out."),
    "guideline": gettext_noop("The guidelines are left out."),
}

NO_RESOLUTION = gettext_noop("Which annotation is final is left out. Withdrawn annotations are left out.")


def losses_beside(held: Collection[Part], features: DatasetFeatures) -> list[str]:
    """What of a data set is lost in a format that holds these parts, a sentence each.

    >>> losses_beside(["metadata"], DatasetFeatures("single", has_metadata=True, has_guideline=True))
    ['The guidelines are left out.']
    """
    contained: dict[Part, bool] = {
        "annotators": features.annotators > 0,
        "metadata": features.has_metadata,
        "splits": features.has_splits,
        "overlaps": features.has_overlapping_spans,
        "no_class": features.has_no_class,
        "predictions": features.has_predictions,
        "provenance": features.has_provenance,
        "guideline": features.has_guideline,
    }
    return [_SENTENCES[part] for part, is_contained in contained.items() if is_contained and part not in held]


def losses_of_annotators(held: Collection[Part], features: DatasetFeatures) -> list[str]:
    """The same for a format that keeps annotators apart, and does not say which of them is right.

    >>> losses_of_annotators(["annotators", "provenance"], DatasetFeatures("single", has_provenance=True))
    ['Which annotation is final is left out. Withdrawn annotations are left out.']
    """
    sentences = losses_beside(held, features)
    return [*sentences, NO_RESOLUTION] if features.has_provenance else sentences
