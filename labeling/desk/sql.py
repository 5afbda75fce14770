"""SQL for holding documents: a lock on what lies on a desk, then one statement to hold or return it all.

`labeling_now()` is the only clock. Statements are prepared, so each parameter names its type.
"""

# hold: the rows that every change of these leases waits for, by rising id as everywhere; with a row for the
# membership itself, none for strangers
LOCK_HELD = """
    WITH member AS (
        SELECT 1 FROM labeling_membership m JOIN labeling_project p ON p.id = m.project_id
        WHERE m.project_id = %(project)s::bigint AND m.user_id = %(annotator)s::bigint
          AND m.removed_at IS NULL AND p.archived_at IS NULL
    ), locked AS (
        SELECT d.id FROM labeling_lease l JOIN labeling_document d ON d.id = l.document_id
        WHERE l.id = ANY(%(leases)s::bigint[]) AND l.project_id = %(project)s::bigint
          AND l.annotator_id = %(annotator)s::bigint AND EXISTS (SELECT 1 FROM member)
        ORDER BY d.id
        FOR NO KEY UPDATE OF d
    )
    SELECT (SELECT count(*) FROM locked) FROM member
"""

# hold: another full term; the first display begins the lease's time anew
HOLD = """
    UPDATE labeling_lease l
    SET leased_at = CASE WHEN is_first THEN labeling_now() ELSE l.leased_at END,
        shown_at = CASE WHEN is_first THEN labeling_now() ELSE l.shown_at END,
        leased_until = greatest(l.leased_until, least(
            labeling_now() + term,
            CASE WHEN is_first THEN labeling_now() ELSE l.leased_at END + term * %(most)s::integer))
    FROM (
        SELECT held.id, given.shown AND held.shown_at IS NULL AS is_first,
               make_interval(mins => p.lease_minutes) AS term
        FROM unnest(%(leases)s::bigint[], %(epochs)s::integer[], %(shown)s::boolean[])
             AS given(lease, epoch, shown)
        JOIN labeling_lease held ON held.id = given.lease AND held.epoch = given.epoch
        JOIN labeling_project p ON p.id = held.project_id
        WHERE held.annotator_id = %(annotator)s::bigint AND held.state = 'live'
    ) given
    WHERE l.id = given.id
    RETURNING l.id
"""

# hold: what was never read goes back without a mark
GIVE_BACK = """
    UPDATE labeling_lease l SET state = 'released', slot = NULL
    FROM unnest(%(leases)s::bigint[], %(epochs)s::integer[]) AS given(lease, epoch)
    WHERE l.id = given.lease AND l.epoch = given.epoch AND l.state = 'live' AND l.shown_at IS NULL
      AND l.annotator_id = %(annotator)s::bigint
"""
