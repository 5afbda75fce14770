"""Queue predicates in SQL: which slots are held, and which documents come back with a reply.

The one home of each; `d` is the document in a statement that uses them.
"""

from labeling.queue.lease_clock import LEASE_NOW

SLOTS_HELD = f"""
    (SELECT count(*) FROM labeling_lease held
     WHERE held.document_id = d.id AND held.round = d.round
       AND (held.state = 'submitted' OR (held.state = 'live' AND held.leased_until > {LEASE_NOW})))
"""

# Documents that come back to the annotator with the reply to a question, while they have a free slot
REPLIED = f"""
    ARRAY(SELECT d.id FROM labeling_lease asked
          JOIN labeling_document d ON d.id = asked.document_id AND d.round = asked.round
          JOIN labeling_project p ON p.id = d.project_id
          WHERE asked.project_id = {{project}} AND asked.annotator_id = {{annotator}}
            AND asked.state = 'deferred' AND asked.deferred_until <= labeling_now()
            AND (d.state = 'open' OR d.is_gold) AND {SLOTS_HELD} < p.overlap + d.extra_slots
            AND EXISTS (SELECT 1 FROM labeling_question q
                        WHERE q.document_id = d.id AND q.asker_id = asked.annotator_id
                          AND q.answered_at >= asked.leased_at))
"""
