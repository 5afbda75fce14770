"""Document predicates in SQL: which documents may train, take answers, or speak through a first answer.

The one home of each; a function of the document's alias. Where the ORM asks the same,
`DocumentQuerySet` has it under the same name; tests/labeling/test_predicates.py holds the two together.
"""


def trainable(document: str) -> str:
    """Of the pool, and no exact copy of a test document."""
    return f"""({document}.split = 'pool' AND NOT EXISTS (
        SELECT 1 FROM labeling_document tested
        WHERE tested.project_id = {document}.project_id AND tested.content_hash = {document}.content_hash
              AND tested.split = 'test'))"""


def takes_answers(document: str) -> str:
    """Open ones, and gold ones for ever."""
    return f"({document}.state = 'open' OR {document}.is_gold)"


def first_answer_speaks(document: str) -> str:
    """Open, and labeled by its first answer; of the test set only where it was settled before."""
    return f"({document}.state = 'open' AND ({document}.split = 'pool' OR {document}.extra_slots > 0))"
