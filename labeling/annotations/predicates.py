"""Annotation predicates in SQL: which answers stand, and whose they are.

The one home of each; a function of the annotation's alias. Where the ORM asks the same,
`AnnotationQuerySet` has it under the same name; tests/labeling/test_predicates.py holds the two together.
"""


def superseded(annotation: str) -> str:
    """Corrected or withdrawn by a later row."""
    return f"EXISTS (SELECT 1 FROM labeling_annotation later WHERE later.supersedes_id = {annotation}.id)"


def by_annotators(annotation: str) -> str:
    """Given under leases, by people or by machines."""
    return f"{annotation}.source IN ('person', 'machine')"
