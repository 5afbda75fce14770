"""SQL for submission: stores an answer and settles a document. One statement each, for one or for fifty.

`labeling_now()` is the only clock. Leases and documents are written under a lock on the document's row,
taken by the statement before. Statements are prepared, so each parameter names its type.
"""

from labeling.annotations.predicates import by_annotators, superseded
from labeling.queue.predicates import counted, holding, live

# submit: the rows that every change of a document's leases and answers waits for, by rising id as everywhere
LOCK_LEASED = """
    SELECT l.id, d.id, d.state, d.round, d.extra_slots, d.is_gold, d.split,
           CASE WHEN %(with_text)s::boolean THEN d.text ELSE '' END AS text
    FROM labeling_lease l JOIN labeling_document d ON d.id = l.document_id
    WHERE l.id = ANY(%(leases)s::bigint[])
    ORDER BY d.id
    FOR NO KEY UPDATE OF d
"""

# submit: all that decides what becomes of each answer, read after the documents were locked
LEASE_STATES = f"""
    SELECT l.id, l.annotator_id, l.state, l.epoch, l.round,
           CASE WHEN {live("l")} THEN l.slot END AS slot,
           p.kind, p.overlap, p.allows_overlapping_spans,
           EXISTS (SELECT 1 FROM labeling_membership m WHERE m.project_id = l.project_id
                   AND m.user_id = %(annotator)s::bigint AND m.removed_at IS NULL) AS is_member,
           ARRAY(SELECT id FROM labeling_labelclass c
                 WHERE c.project_id = l.project_id AND c.retired_at IS NULL
                   AND c.id = ANY(%(classes)s::uuid[])) AS classes,
           same_lease.id AS same_lease_id, same_lease.answer_hash AS same_lease_hash,
           same_key.id AS same_key_id, same_key.note AS same_key_note,
           same_key.suggestion::text AS same_key_suggestion,
           (SELECT a.id FROM labeling_annotation a
            WHERE a.document_id = l.document_id AND a.round = l.round AND a.annotator_id = l.annotator_id
              AND {by_annotators("a")} AND NOT a.is_surplus AND NOT {superseded("a")}) AS head_id,
           ARRAY(SELECT h.slot FROM labeling_lease h
                 WHERE h.document_id = l.document_id AND h.round = l.round AND h.id <> l.id
                   AND {holding("h")}) AS slots_of_others,
           (SELECT count(*) FROM labeling_lease h
            WHERE h.document_id = l.document_id AND h.round = l.round AND h.state = 'submitted') AS submitted
    FROM unnest(%(leases)s::bigint[], %(epochs)s::integer[], %(keys)s::text[])
         WITH ORDINALITY AS given(lease, epoch, key, place)
    JOIN labeling_lease l ON l.id = given.lease
    JOIN labeling_project p ON p.id = l.project_id
    LEFT JOIN labeling_annotation same_lease ON same_lease.lease_id = l.id AND same_lease.epoch = given.epoch
    LEFT JOIN labeling_annotation same_key
         ON same_key.project_id = l.project_id AND same_key.annotator_id = %(annotator)s::bigint
            AND same_key.key = given.key
    ORDER BY given.place
"""

# submit: store the annotations with their labels, and fill the slots of those that have one
STORE_ANSWERS = """
    WITH given AS (
        SELECT * FROM unnest(
            %(leases)s::bigint[], %(epochs)s::integer[], %(slots)s::integer[], %(keys)s::text[],
            %(answer_hashes)s::bytea[], %(seconds)s::float8[], %(suggestions)s::jsonb[], %(notes)s::text[],
            %(supersedes)s::bigint[], %(sources)s::text[]
        ) AS given(lease, epoch, slot, key, answer_hash, seconds, suggestion, note, supersedes, source)
    ), stored AS (
        INSERT INTO labeling_annotation (
            project_id, document_id, round, annotator_id, source, lease_id, epoch, key, guideline_id,
            answer_hash, seconds, suggestion, note, is_surplus, supersedes_id)
        SELECT l.project_id, l.document_id, l.round, l.annotator_id, given.source, l.id, given.epoch,
               given.key, l.guideline_id, given.answer_hash, given.seconds, given.suggestion, given.note,
               given.slot IS NULL, given.supersedes
        FROM given JOIN labeling_lease l ON l.id = given.lease
        RETURNING id, lease_id
    ), labeled AS (
        INSERT INTO labeling_label (annotation_id, label_class_id, start, "end")
        SELECT stored.id, label.label_class, label.start, label."end"
        FROM stored JOIN unnest(%(label_leases)s::bigint[], %(classes)s::uuid[], %(starts)s::integer[],
                                %(ends)s::integer[]) AS label(lease, label_class, start, "end")
             ON label.lease = stored.lease_id
    ), filled AS (
        UPDATE labeling_lease
        SET state = 'submitted', slot = given.slot, annotation_id = stored.id, deferred_until = NULL
        FROM stored JOIN given ON given.lease = stored.lease_id
        WHERE labeling_lease.id = stored.lease_id AND given.slot IS NOT NULL
    )
    SELECT lease_id, id FROM stored
"""

# settle: the counted answers of documents in their round, in the order of their slots
COUNTED_ANSWERS = f"""
    SELECT l.document_id, l.annotation_id, a.answer_hash
    FROM labeling_lease l
    JOIN labeling_document d ON {counted("l", "d")}
    JOIN labeling_annotation a ON a.id = l.annotation_id
    WHERE l.document_id = ANY(%(documents)s::bigint[])
    ORDER BY l.document_id, l.slot
"""

# settle: write what settles each document, or that nothing does, and take it out of the queue; what
# settles a gold document stays
SETTLE = """
    WITH given AS (
        SELECT * FROM unnest(%(documents)s::bigint[], %(states)s::text[], %(hows)s::text[],
                             %(annotations)s::bigint[]) AS given(document, state, how, annotation)
    ), settled AS (
        INSERT INTO labeling_resolution (document_id, project_id, annotation_id, how)
        SELECT d.id, d.project_id, given.annotation, given.how
        FROM given JOIN labeling_document d ON d.id = given.document
        WHERE given.how IS NOT NULL AND NOT d.is_gold
        ON CONFLICT (document_id) DO UPDATE
        SET annotation_id = excluded.annotation_id, how = excluded.how, resolved_at = labeling_now()
    ), unsettled AS (
        DELETE FROM labeling_resolution r USING given JOIN labeling_document d ON d.id = given.document
        WHERE r.document_id = given.document AND given.how IS NULL AND NOT d.is_gold
    ), dequeued AS (
        DELETE FROM labeling_queueentry e USING given WHERE e.document_id = given.document
    )
    UPDATE labeling_document d SET state = given.state, is_gold = given.how IS NOT DISTINCT FROM 'gold'
    FROM given WHERE d.id = given.document AND NOT d.is_gold
"""

# undo, include: the document is open again, keeps no resolution, and with a reason stands in front
REOPEN = """
    WITH unsettled AS (
        DELETE FROM labeling_resolution WHERE document_id = %(document)s::bigint
    ), queued AS (
        INSERT INTO labeling_queueentry (project_id, generation, rank, document_id, reason)
        SELECT id, generation, -1, %(document)s::bigint, %(reason)s::jsonb FROM labeling_project
        WHERE id = %(project)s::bigint AND %(reason)s::jsonb IS NOT NULL
        ON CONFLICT (project_id, generation, document_id) DO NOTHING
    )
    UPDATE labeling_document SET state = 'open' WHERE id = %(document)s::bigint
"""

# imports: annotations in the order of their answers, which rising numbers keep
STORE_IMPORTED = """
    INSERT INTO labeling_annotation (project_id, document_id, round, source, guideline_id, answer_hash,
                                     import_job_id, origin, is_surplus)
    SELECT %(project)s::bigint, a.document, a.round, 'import', %(guideline)s::bigint, a.answer_hash,
           %(job)s::uuid, a.origin::jsonb, a.is_surplus
    FROM unnest(%(documents)s::bigint[], %(rounds)s::int[], %(hashes)s::bytea[], %(origins)s::text[],
                %(surplus)s::boolean[]) WITH ORDINALITY
         AS a (document, round, answer_hash, origin, is_surplus, number)
    ORDER BY a.number
    RETURNING id
"""

STORE_LABELS = """
    INSERT INTO labeling_label (annotation_id, label_class_id, start, "end")
    SELECT * FROM unnest(%(annotations)s::bigint[], %(classes)s::uuid[], %(starts)s::int[], %(ends)s::int[])
"""

RESOLVE_IMPORTED = """
    INSERT INTO labeling_resolution (document_id, project_id, annotation_id, how)
    SELECT r.document, %(project)s::bigint, r.annotation, 'imported'
    FROM unnest(%(documents)s::bigint[], %(annotations)s::bigint[]) AS r (document, annotation)
"""
