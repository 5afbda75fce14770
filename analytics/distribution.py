"""How do labels spread over classes, people, guideline versions and time, and what is still out there?"""

from __future__ import annotations

from uuid import UUID

from analytics.labelled import labelled_now, prevalences
from analytics.metrics.measures import Measure
from labeling.models import Project


def estimated_prevalence(project: Project) -> dict[UUID, Measure]:
    """The share of the unlabelled documents that have each class, with its interval.

    From the labelled documents that were drawn at random: the test set, and the random share of the queue.
    Undefined, with the reason, while there are none; a class that nobody was ever given may be missing while
    nothing is labelled.
    """
    estimates = prevalences(project, labelled_now(project))
    return {label_class: estimate.unlabelled for label_class, estimate in estimates.items()}
