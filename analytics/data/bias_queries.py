"""Automation bias: what people saw of the model's opinion, and what they answered. Read in one statement."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from labeling.explanations.selection_reason import ReasonKey
from labeling.queue.predicates import latest_answers

# Of first answers whose document was served with an opinion: the model's, whether it was shown, the person's.
_ANSWERED = f"""
    SELECT l.reason #>> '{{{ReasonKey.TOP},0,0}}', (l.reason #>> '{{{ReasonKey.TOP},0,1}}')::float8,
           CASE jsonb_typeof(a.suggestion) WHEN 'array' THEN 'shown' ELSE a.suggestion->>'policy' END,
           a.suggestion->'first'->>0, a.suggestion->'chosen'->>0,
           ARRAY(SELECT DISTINCT given.label_class_id::text FROM labeling_label given
                 WHERE given.annotation_id = a.id)
    FROM {latest_answers("%(most)s")} l
    JOIN labeling_annotation a ON a.id = l.annotation_id
    WHERE jsonb_typeof(l.reason #> '{{{ReasonKey.TOP},0,1}}') = 'number' AND l.round = 0
      AND jsonb_typeof(a.suggestion) IN ('object', 'array')
"""


@dataclass(frozen=True)
class Answered:
    """One answer beside the model's opinion of its document. Classes are identifiers as text."""

    predicted: str  # the most probable class
    probability: float
    policy: str  # what was seen: "hidden" nothing, "after" only when something was chosen
    first: str | None  # under "after": what was chosen before
    suggested: str | None  # under "after": what the model would choose
    answer: frozenset[str]

    @property
    def agrees(self) -> bool:
        """Whether the model's class is (one of) the given ones."""
        return self.predicted in self.answer


def answered_beside(project_id: int, limit: int) -> list[Answered]:
    """The latest `limit` answers, of those whose document was served with an opinion."""
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERED, {"project": project_id, "most": limit})
        return [
            Answered(predicted, probabilities, policy, first, suggested, frozenset(answer))
            for predicted, probabilities, policy, first, suggested, answer in cursor.fetchall()
        ]
