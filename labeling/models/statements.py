"""Which statements are written by hand? Those where one statement must do what several could not do safely.

Each name is used by exactly one action. `labeling_now()` is the only clock. All rows of `labeling_lease` are
written under a lock on their document's row, taken by the statement before.
"""

_OPEN_TO_ANNOTATOR = """
    NOT EXISTS (
        SELECT 1 FROM labeling_lease mine
        WHERE mine.document_id = d.id AND mine.round = d.round AND mine.annotator_id = %(annotator)s
          AND (mine.state IN ('submitted', 'skipped')
               OR (mine.state = 'live' AND mine.leased_until > labeling_now())
               OR (mine.state = 'deferred' AND mine.deferred_until > labeling_now())))
"""

_SLOTS_HELD = """
    (SELECT count(*) FROM labeling_lease held
     WHERE held.document_id = d.id AND held.round = d.round
       AND (held.state = 'submitted' OR (held.state = 'live' AND held.leased_until > labeling_now())))
"""

_CLAIMABLE = f"d.state = 'open' AND {_OPEN_TO_ANNOTATOR} AND {_SLOTS_HELD} < %(overlap)s + d.extra_slots"

# claim: what the annotator holds already, whether this key was used, which guideline applies
CLAIM_FACTS = """
    SELECT (SELECT count(*) FROM labeling_lease
            WHERE project_id = %(project)s AND annotator_id = %(annotator)s AND state = 'live'
              AND leased_until > labeling_now()) AS live,
           (SELECT id FROM labeling_claim
            WHERE project_id = %(project)s AND annotator_id = %(annotator)s AND key = %(key)s) AS claim_id,
           (SELECT id FROM labeling_guideline WHERE project_id = %(project)s
            ORDER BY number DESC LIMIT 1) AS guideline_id
"""

# claim: lock the best-ranked documents that this annotator may have and that nobody else is deciding on
LOCK_RANKED = f"""
    SELECT d.id, e.reason
    FROM labeling_queueentry e JOIN labeling_document d ON d.id = e.document_id
    WHERE e.project_id = %(project)s
      AND e.generation = (SELECT generation FROM labeling_project WHERE id = %(project)s)
      AND {_CLAIMABLE}
    ORDER BY e.rank
    LIMIT %(count)s
    FOR NO KEY UPDATE OF d SKIP LOCKED
"""  # noqa: S608 - only constants of this module are put in

# claim: the head has nothing (more) for this annotator: open documents at random, the pool first
LOCK_UNRANKED = f"""
    SELECT d.id, '{{"share": "unranked"}}'::jsonb AS reason
    FROM labeling_document d
    WHERE d.project_id = %(project)s AND d.id <> ALL(%(taken)s) AND {_CLAIMABLE}
    ORDER BY d.split, d.random_key
    LIMIT %(count)s
    FOR NO KEY UPDATE OF d SKIP LOCKED
"""  # noqa: S608

# claim: free the slots of leases that ran out on the locked documents
EXPIRE_LOCKED = """
    UPDATE labeling_lease SET state = 'expired', slot = NULL
    WHERE document_id = ANY(%(documents)s) AND state = 'live' AND leased_until <= labeling_now()
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
        WHERE {_CLAIMABLE}
    ), claim AS (
        INSERT INTO labeling_claim (project_id, annotator_id, key)
        SELECT %(project)s, %(annotator)s, %(key)s
        WHERE %(key)s::text IS NOT NULL AND EXISTS (SELECT 1 FROM free)
        RETURNING id
    ), taken AS (
        INSERT INTO labeling_lease AS lease (project_id, document_id, round, slot, annotator_id, state, epoch,
                                             leased_until, claim_id, guideline_id, reason)
        SELECT %(project)s, free.id, free.round, free.slot, %(annotator)s, 'live', 1,
               labeling_now() + make_interval(mins => %(lease_minutes)s),
               (SELECT id FROM claim), %(guideline)s, free.reason
        FROM free
        ON CONFLICT (document_id, round, annotator_id) DO UPDATE
        SET slot = excluded.slot, state = 'live', epoch = lease.epoch + 1, leased_at = labeling_now(),
            leased_until = excluded.leased_until, deferred_until = NULL, claim_id = excluded.claim_id,
            guideline_id = excluded.guideline_id, reason = excluded.reason
        WHERE lease.state IN ('released', 'expired', 'deferred')
        RETURNING lease.id, lease.epoch, lease.document_id, lease.leased_until, lease.reason
    )
    SELECT taken.id, taken.epoch, taken.leased_until, taken.reason, free.id, free.external_id, free.text,
           free.metadata, free.split
    FROM taken JOIN free ON free.id = taken.document_id
    ORDER BY free.place
"""  # noqa: S608

# claim: the live leases that an earlier call with the same key took
LEASES_OF_CLAIM = """
    SELECT l.id, l.epoch, l.leased_until, l.reason, d.id, d.external_id, d.text, d.metadata, d.split
    FROM labeling_lease l JOIN labeling_document d ON d.id = l.document_id
    WHERE l.claim_id = %(claim)s AND l.annotator_id = %(annotator)s AND l.state = 'live'
      AND l.leased_until > labeling_now()
    ORDER BY l.id
"""

# claim: nothing was found; why?
EMPTY_FACTS = f"""
    SELECT EXISTS (SELECT 1 FROM labeling_document d
                   WHERE d.project_id = %(project)s AND d.state = 'open') AS has_open,
           EXISTS (SELECT 1 FROM labeling_document d
                   WHERE d.project_id = %(project)s AND {_CLAIMABLE}) AS has_claimable,
           (SELECT extract(epoch FROM min(l.leased_until) - labeling_now()) FROM labeling_lease l
            JOIN labeling_document d ON d.id = l.document_id
            WHERE l.project_id = %(project)s AND l.state = 'live' AND l.leased_until > labeling_now()
              AND l.annotator_id <> %(annotator)s AND d.state = 'open' AND l.round = d.round
              AND {_OPEN_TO_ANNOTATOR}) AS others_end_in
"""  # noqa: S608

# submit: all that decides what becomes of an answer, read after the document was locked
SUBMIT_FACTS = """
    SELECT l.project_id, l.annotator_id, l.state, l.epoch, l.round, l.guideline_id,
           CASE WHEN l.state = 'live' AND l.leased_until > labeling_now() THEN l.slot END AS slot,
           p.kind, p.overlap, p.allows_overlapping_spans,
           EXISTS (SELECT 1 FROM labeling_membership m WHERE m.project_id = l.project_id
                   AND m.user_id = %(annotator)s AND m.removed_at IS NULL) AS is_member,
           ARRAY(SELECT id FROM labeling_labelclass c
                 WHERE c.project_id = l.project_id AND c.retired_at IS NULL) AS classes,
           same_lease.id AS same_lease_id, same_lease.answer_hash AS same_lease_hash,
           same_lease.is_surplus AS same_lease_is_surplus,
           same_key.id AS same_key_id,
           (SELECT a.id FROM labeling_annotation a
            WHERE a.document_id = l.document_id AND a.round = l.round AND a.annotator_id = l.annotator_id
              AND a.source = 'person' AND NOT a.is_surplus
              AND NOT EXISTS (SELECT 1 FROM labeling_annotation b WHERE b.supersedes_id = a.id)) AS head_id,
           ARRAY(SELECT h.slot FROM labeling_lease h
                 WHERE h.document_id = l.document_id AND h.round = l.round AND h.id <> l.id
                   AND (h.state = 'submitted' OR (h.state = 'live' AND h.leased_until > labeling_now()))
           ) AS slots_of_others,
           (SELECT count(*) FROM labeling_lease h
            WHERE h.document_id = l.document_id AND h.round = l.round AND h.state = 'submitted') AS submitted
    FROM labeling_lease l
    JOIN labeling_project p ON p.id = l.project_id
    LEFT JOIN labeling_annotation same_lease ON same_lease.lease_id = l.id AND same_lease.epoch = %(epoch)s
    LEFT JOIN labeling_annotation same_key ON same_key.annotator_id = %(annotator)s AND same_key.key = %(key)s
    WHERE l.id = %(lease)s
"""

# submit: store the annotation with its labels, and fill the slot unless it is surplus
STORE_ANSWER = """
    WITH stored AS (
        INSERT INTO labeling_annotation (project_id, document_id, round, annotator_id, source, lease_id,
                                         epoch, key, guideline_id, answer_hash, seconds, suggestion, note,
                                         is_surplus, supersedes_id)
        VALUES (%(project)s, %(document)s, %(round)s, %(annotator)s, 'person', %(lease)s, %(epoch)s, %(key)s,
                %(guideline)s, %(answer_hash)s, %(seconds)s, %(suggestion)s, %(note)s, %(is_surplus)s,
                %(supersedes)s)
        RETURNING id
    ), labelled AS (
        INSERT INTO labeling_label (annotation_id, label_class_id, start, "end")
        SELECT stored.id, given.label_class, given.start, given."end"
        FROM stored, unnest(%(classes)s::uuid[], %(starts)s::int[], %(ends)s::int[])
             AS given(label_class, start, "end")
    ), filled AS (
        UPDATE labeling_lease
        SET state = 'submitted', slot = %(slot)s, annotation_id = stored.id, deferred_until = NULL
        FROM stored WHERE labeling_lease.id = %(lease)s AND NOT %(is_surplus)s
    )
    SELECT id FROM stored
"""

# submit, undo, adjudication: the counted answers of a document's round, in the order of their slots
COUNTED_ANSWERS = """
    SELECT l.annotation_id, a.answer_hash
    FROM labeling_lease l JOIN labeling_annotation a ON a.id = l.annotation_id
    WHERE l.document_id = %(document)s AND l.round = %(round)s AND l.state = 'submitted' ORDER BY l.slot
"""

# submit, adjudication: write what settles a document, and take it out of the queue
SETTLE = """
    WITH settled AS (
        INSERT INTO labeling_resolution (document_id, project_id, annotation_id, how)
        SELECT %(document)s, %(project)s, %(annotation)s, %(how)s WHERE %(how)s::text IS NOT NULL
        ON CONFLICT (document_id) DO UPDATE
        SET annotation_id = excluded.annotation_id, how = excluded.how, resolved_at = labeling_now()
    ), unsettled AS (
        DELETE FROM labeling_resolution WHERE document_id = %(document)s AND %(how)s::text IS NULL
    ), dequeued AS (
        DELETE FROM labeling_queueentry WHERE document_id = %(document)s
    )
    UPDATE labeling_document SET state = %(state)s WHERE id = %(document)s
"""

# undo, include: the document is open again, keeps no resolution, and with a reason stands in front
REOPEN = """
    WITH unsettled AS (
        DELETE FROM labeling_resolution WHERE document_id = %(document)s
    ), queued AS (
        INSERT INTO labeling_queueentry (project_id, generation, rank, document_id, reason)
        SELECT id, generation, -1, %(document)s, %(reason)s::jsonb FROM labeling_project
        WHERE id = %(project)s AND %(reason)s::jsonb IS NOT NULL
        ON CONFLICT (project_id, generation, document_id) DO NOTHING
    )
    UPDATE labeling_document SET state = 'open' WHERE id = %(document)s
"""

# generations: the number of a ranking that begins now
NEXT_GENERATION = "SELECT nextval('labeling_generation')"

# generations: the entries of a new order, for those documents that can still be labelled
INSERT_ENTRIES = """
    INSERT INTO labeling_queueentry (project_id, generation, rank, document_id, reason)
    SELECT %(project)s, %(generation)s, given.place - 1, d.id, given.reason
    FROM unnest(%(documents)s::bigint[], %(reasons)s::jsonb[])
         WITH ORDINALITY AS given(document_id, reason, place)
    JOIN labeling_document d ON d.id = given.document_id AND d.project_id = %(project)s AND d.state = 'open'
    ON CONFLICT (project_id, generation, document_id) DO NOTHING
"""

# generations: some entries of orders before the previous one; SKIP LOCKED, because a submit that is deleting
# one of them may wait for another that this statement holds
PURGE_ENTRIES = """
    DELETE FROM labeling_queueentry WHERE id IN (
        SELECT e.id FROM labeling_queueentry e
        WHERE e.project_id = %(project)s
          AND e.generation < (
              SELECT previous.generation FROM labeling_queueentry previous
              WHERE previous.project_id = %(project)s
                AND previous.generation < (SELECT generation FROM labeling_project WHERE id = %(project)s)
              ORDER BY previous.generation DESC LIMIT 1)
        ORDER BY e.generation, e.rank
        LIMIT %(count)s
        FOR UPDATE SKIP LOCKED)
"""
