"""Queue predicates in SQL: which leases are live, hold a slot or count, and which documents come back.

The one home of each; a function of the alias of the lease. Where the ORM asks the same,
`LeaseQuerySet` has it under the same name; tests/labeling/test_predicates.py holds the two together.
"""

from labeling.documents.predicates import takes_answers
from labeling.queue.lease_clock import LEASE_NOW


def live(lease: str, at: str = LEASE_NOW) -> str:
    """Somebody works on it now, or at another moment."""
    return f"({lease}.state = 'live' AND {lease}.leased_until > {at})"


def overdue(lease: str) -> str:
    """It ran out and still occupies its slot."""
    return f"({lease}.state = 'live' AND {lease}.leased_until <= {LEASE_NOW})"


def holding(lease: str) -> str:
    """It occupies a slot: submitted, or live and not yet past its time."""
    return f"({lease}.state = 'submitted' OR {live(lease)})"


def final(lease: str) -> str:
    """Its annotator does not get the document again in this round."""
    return f"{lease}.state IN ('submitted', 'skipped')"


def counted(lease: str, document: str) -> str:
    """It holds an answer to the document that counts: of the round that the document is in."""
    return (
        f"({lease}.document_id = {document}.id AND {lease}.round = {document}.round"
        f" AND {lease}.state = 'submitted')"
    )


def latest_answers(limit: int | str, columns: str = "*") -> str:
    """A table: the leases with the latest answers of `%(project)s`, of any round, the newest first."""
    return f"""(SELECT {columns} FROM labeling_lease WHERE project_id = %(project)s AND state = 'submitted'
                ORDER BY annotation_id DESC LIMIT {limit})"""


# Of the document `d` in a statement that uses it
SLOTS_HELD = f"""
    (SELECT count(*) FROM labeling_lease held
     WHERE held.document_id = d.id AND held.round = d.round AND {holding("held")})
"""

# Documents that come back to the annotator with the reply to a question, while they have a free slot
REPLIED = f"""
    ARRAY(SELECT d.id FROM labeling_lease asked
          JOIN labeling_document d ON d.id = asked.document_id AND d.round = asked.round
          JOIN labeling_project p ON p.id = d.project_id
          WHERE asked.project_id = {{project}} AND asked.annotator_id = {{annotator}}
            AND asked.state = 'deferred' AND asked.deferred_until <= labeling_now()
            AND {takes_answers("d")} AND {SLOTS_HELD} < p.overlap + d.extra_slots
            AND EXISTS (SELECT 1 FROM labeling_question q
                        WHERE q.document_id = d.id AND q.asker_id = asked.annotator_id
                          AND q.answered_at >= asked.leased_at))
"""
