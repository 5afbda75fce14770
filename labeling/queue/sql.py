"""SQL for the queue: documents are handed out, and an order replaced, by single statements.

`labeling_now()` is the only clock. All rows of `labeling_lease` are written under a lock on their document's
row, taken by the statement before. Statements are prepared, so each parameter names its type.
"""

import json

from labeling.documents.predicates import takes_answers
from labeling.explanations.selection_reason import ReasonKey, SelectionReason
from labeling.learning.query_strategies.mix import Share
from labeling.queue.predicates import REPLIED, SLOTS_HELD, final, live, overdue

_OPEN_TO_ANNOTATOR = f"""
    NOT EXISTS (
        SELECT 1 FROM labeling_lease mine
        WHERE mine.document_id = d.id AND mine.round = d.round AND mine.annotator_id = %(annotator)s::bigint
          AND ({final("mine")} OR {live("mine")}
               OR (mine.state = 'deferred' AND mine.deferred_until > labeling_now())))
"""

# Machines get nothing that measures the model or annotators.
_WANTS_ANNOTATOR = f"""{_OPEN_TO_ANNOTATOR} AND {SLOTS_HELD} < %(overlap)s::integer + d.extra_slots
    AND (NOT %(is_machine)s::boolean OR (d.split = 'pool' AND NOT d.is_gold))"""
_CLAIMABLE = f"d.state = 'open' AND {_WANTS_ANNOTATOR}"

# Gold documents are settled, and come only where the order says so.
_RANKED_CLAIMABLE = f"{takes_answers('d')} AND {_WANTS_ANNOTATOR}"

_IS_OVERDUE = f"""
    EXISTS (SELECT 1 FROM labeling_lease due
            WHERE due.document_id = d.id AND {overdue("due")})
"""

# claim: one claim of one annotator at a time; nothing where there is no such member
LOCK_MEMBER = """
    SELECT p.overlap, p.lease_minutes, p.lease_cap, p.is_paused, p.document_count - p.removed_count
    FROM labeling_membership m JOIN labeling_project p ON p.id = m.project_id
    WHERE m.project_id = %(project)s::bigint AND m.user_id = %(annotator)s::bigint AND m.removed_at IS NULL
      AND p.archived_at IS NULL
    FOR NO KEY UPDATE OF m
"""

# claim: what the annotator holds already, whether this key was used, which guideline applies, what comes back
CLAIM_STATE = f"""
    SELECT (SELECT count(*) FROM labeling_lease
            WHERE project_id = %(project)s::bigint AND annotator_id = %(annotator)s::bigint
              AND {live("labeling_lease")}) AS live,
           (SELECT ARRAY[id, count] FROM labeling_claim
            WHERE project_id = %(project)s::bigint AND annotator_id = %(annotator)s::bigint
              AND key = %(key)s::text) AS claim,
           (SELECT id FROM labeling_guideline WHERE project_id = %(project)s::bigint
            ORDER BY number DESC LIMIT 1) AS guideline_id,
           {REPLIED.format(project="%(project)s::bigint", annotator="%(annotator)s::bigint")} AS replied
"""

# claim: lock what comes back with a reply, which stands in the reason from then on
LOCK_REPLIED = f"""
    SELECT d.id,
           (SELECT asked.reason || (
                SELECT jsonb_build_object(
                    '{ReasonKey.REPLY}', jsonb_build_object('question', q.text, 'text', q.reply))
                FROM labeling_question q
                WHERE q.document_id = d.id AND q.asker_id = asked.annotator_id AND q.answered_at IS NOT NULL
                ORDER BY q.answered_at DESC LIMIT 1)
            FROM labeling_lease asked
            WHERE asked.document_id = d.id AND asked.round = d.round
              AND asked.annotator_id = %(annotator)s::bigint) AS reason,
           {_IS_OVERDUE} AS is_overdue
    FROM labeling_document d
    WHERE d.id = ANY(%(replied)s::bigint[]) AND {_RANKED_CLAIMABLE}
    ORDER BY d.id
    LIMIT {{count}}
    FOR NO KEY UPDATE OF d SKIP LOCKED
"""

# claim: lock the best-ranked documents that this annotator may have and that nobody else is deciding on.
# The count is put into the text: a plan for any count expects a tenth of the pool, and reads it.
LOCK_RANKED = f"""
    SELECT d.id, e.reason, {_IS_OVERDUE} AS is_overdue
    FROM labeling_queueentry e JOIN labeling_document d ON d.id = e.document_id
    WHERE e.project_id = %(project)s::bigint
      AND e.generation = (SELECT generation FROM labeling_project WHERE id = %(project)s::bigint)
      AND {_RANKED_CLAIMABLE}
    ORDER BY e.rank
    LIMIT {{count}}
    FOR NO KEY UPDATE OF d SKIP LOCKED
"""

_UNRANKED = json.dumps(SelectionReason(Share.UNRANKED).to_json())

# claim: the head has nothing (more) for this annotator: open documents at random, the pool first
LOCK_UNRANKED = f"""
    SELECT d.id, '{_UNRANKED}'::jsonb AS reason, {_IS_OVERDUE} AS is_overdue
    FROM labeling_document d
    WHERE d.project_id = %(project)s::bigint AND d.id <> ALL(%(taken)s::bigint[]) AND {_CLAIMABLE}
    ORDER BY d.split, d.random_key
    LIMIT {{count}}
    FOR NO KEY UPDATE OF d SKIP LOCKED
"""

# claim: free the slots of leases that ran out on the locked documents
EXPIRE_LOCKED = f"""
    UPDATE labeling_lease SET state = 'expired', slot = NULL
    WHERE document_id = ANY(%(documents)s::bigint[]) AND {overdue("labeling_lease")}
    RETURNING id
"""

# claim: fill the lowest free slot of each locked document; a new snapshot, so what is free is still free.
# The key is noted only with leases: a claim that finds its documents gone tries again under the same key.
TAKE_SLOTS = f"""
    WITH free AS (
        SELECT d.*, w.reason, w.place,
               (SELECT min(s) FROM generate_series(0, 47) s
                WHERE NOT EXISTS (SELECT 1 FROM labeling_lease l
                                  WHERE l.document_id = d.id AND l.round = d.round AND l.slot = s)) AS slot
        FROM unnest(%(documents)s::bigint[], %(reasons)s::jsonb[])
             WITH ORDINALITY AS w(document_id, reason, place)
        JOIN labeling_document d ON d.id = w.document_id
        WHERE {_RANKED_CLAIMABLE}
    ), claim AS (
        INSERT INTO labeling_claim (project_id, annotator_id, key, count)
        SELECT %(project)s::bigint, %(annotator)s::bigint, %(key)s::text, %(asked)s::integer
        WHERE %(key)s::text IS NOT NULL AND EXISTS (SELECT 1 FROM free)
        RETURNING id
    ), taken AS (
        INSERT INTO labeling_lease AS lease (project_id, document_id, round, slot, annotator_id, state, epoch,
                                             leased_until, claim_id, guideline_id, reason)
        SELECT %(project)s::bigint, free.id, free.round, free.slot, %(annotator)s::bigint, 'live', 1,
               labeling_now() + make_interval(mins => %(lease_minutes)s::integer),
               (SELECT id FROM claim), %(guideline)s::bigint, free.reason
        FROM free
        ON CONFLICT (document_id, round, annotator_id) DO UPDATE
        SET slot = excluded.slot, state = 'live', epoch = lease.epoch + 1, leased_at = labeling_now(),
            leased_until = excluded.leased_until, deferred_until = NULL, deferred_minutes = NULL,
            claim_id = excluded.claim_id,
            guideline_id = excluded.guideline_id, reason = excluded.reason, shown_at = NULL
        WHERE lease.state IN ('released', 'expired', 'deferred')
        RETURNING lease.id, lease.epoch, lease.document_id, lease.leased_until, lease.reason
    )
    SELECT taken.id, taken.epoch, taken.leased_until, taken.reason, free.id, free.external_id, free.text,
           free.metadata, free.split, free.position
    FROM taken JOIN free ON free.id = taken.document_id
    ORDER BY free.place
"""

# claim: the live leases that an earlier call with the same key took
LEASES_OF_CLAIM = f"""
    SELECT l.id, l.epoch, l.leased_until, l.reason, d.id, d.external_id, d.text, d.metadata, d.split,
           d.position
    FROM labeling_lease l JOIN labeling_document d ON d.id = l.document_id
    WHERE l.claim_id = %(claim)s::bigint AND l.annotator_id = %(annotator)s::bigint AND {live("l")}
    ORDER BY l.id
"""

# claim: nothing was found; why?
EMPTY_STATE = f"""
    SELECT EXISTS (SELECT 1 FROM labeling_document d
                   WHERE d.project_id = %(project)s::bigint AND d.state = 'open') AS has_open,
           EXISTS (SELECT 1 FROM labeling_document d
                   WHERE d.project_id = %(project)s::bigint AND {_CLAIMABLE}) AS has_claimable,
           (SELECT extract(epoch FROM min(l.leased_until) - labeling_now()) FROM labeling_lease l
            JOIN labeling_document d ON d.id = l.document_id
            WHERE l.project_id = %(project)s::bigint AND {live("l")}
              AND l.annotator_id <> %(annotator)s::bigint AND d.state = 'open' AND l.round = d.round
              AND {_OPEN_TO_ANNOTATOR}) AS others_end_in
"""

# generations: the number of a ranking that begins now
NEXT_GENERATION = "SELECT nextval('labeling_generation')"

# generations: the entries of a new order, for those documents that can still be labeled, and gold
INSERT_ENTRIES = f"""
    INSERT INTO labeling_queueentry (project_id, generation, rank, document_id, reason)
    SELECT %(project)s::bigint, %(generation)s::bigint, entry.ordinality - 1, d.id, entry.reason
    FROM unnest(%(documents)s::bigint[], %(reasons)s::jsonb[])
         WITH ORDINALITY AS entry(document_id, reason, ordinality)
    JOIN labeling_document d ON d.id = entry.document_id AND d.project_id = %(project)s::bigint
         AND {takes_answers("d")}
    ORDER BY entry.ordinality
    ON CONFLICT (project_id, generation, document_id) DO NOTHING
"""

# generations: some entries of orders before the previous one; SKIP LOCKED, because a submit that is deleting
# one of them may wait for another that this statement holds
PURGE_ENTRIES = """
    DELETE FROM labeling_queueentry WHERE id IN (
        SELECT e.id FROM labeling_queueentry e
        WHERE e.project_id = %(project)s::bigint
          AND e.generation < (
              SELECT previous.generation FROM labeling_queueentry previous
              WHERE previous.project_id = %(project)s::bigint
                AND previous.generation < (
                    SELECT generation FROM labeling_project WHERE id = %(project)s::bigint)
              ORDER BY previous.generation DESC LIMIT 1)
        ORDER BY e.generation, e.rank
        LIMIT %(count)s::bigint
        FOR UPDATE SKIP LOCKED)
    RETURNING id
"""
