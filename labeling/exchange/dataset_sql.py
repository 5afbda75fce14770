"""Statements of datasets: a page of documents, their annotations and predictions, and what a project has."""

DOCUMENTS = """
    WITH page AS (
        SELECT d.id, d.position, d.external_id, d.text, d.metadata, d.split,
               coalesce(sum(octet_length(d.text) + pg_column_size(d.metadata)) OVER before, 0) AS bytes_before
        FROM (
            SELECT * FROM labeling_document
            WHERE project_id = %(project)s AND position > %(after)s AND state <> %(excluded)s
            ORDER BY position LIMIT %(count)s
        ) d
        WINDOW before AS (ORDER BY d.position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    )
    SELECT id, position, external_id, text, metadata, split FROM page
    WHERE bytes_before < %(bytes)s ORDER BY position
"""

# The columns from created_at on are PROVENANCE_KEYS. A withdrawn or corrected annotation is one that a later
# one supersedes; to_json writes a time as ISO 8601.
ANNOTATIONS = """
    SELECT a.document_id, u.username, a.origin, answer.names, answer.starts, answer.ends,
           to_json(a.created_at) #>> '{}', a.source, g.number, a.seconds,
           r.how IS NOT NULL OR l.id IS NOT NULL
               OR (a.source = 'import' AND NOT a.is_surplus AND later.id IS NULL),
           a.is_surplus, coalesce(later.is_withdrawal, false), r.how, first.share, first.chance,
           a.note, a.suggestion
    FROM labeling_annotation a
    JOIN labeling_document d ON d.id = a.document_id
    LEFT JOIN labeling_resolution r ON r.annotation_id = a.id AND d.state = 'resolved'
    LEFT JOIN labeling_lease l ON l.annotation_id = a.id AND l.round = d.round
    LEFT JOIN labeling_annotation later ON later.supersedes_id = a.id
    LEFT JOIN labeling_guideline g ON g.id = a.guideline_id
    LEFT JOIN auth_user u ON u.id = a.annotator_id
    LEFT JOIN LATERAL (
        SELECT s.reason->>%(share)s AS share, (s.reason->>%(propensity)s)::float8 AS chance
        FROM labeling_annotation f LEFT JOIN labeling_lease s ON s.id = f.lease_id
        WHERE f.document_id = a.document_id ORDER BY f.id LIMIT 1
    ) first ON true
    LEFT JOIN LATERAL (
        SELECT array_agg(c.name ORDER BY b.start, c.position, b.id) AS names,
               array_agg(b.start ORDER BY b.start, c.position, b.id) AS starts,
               array_agg(b."end" ORDER BY b.start, c.position, b.id) AS ends
        FROM labeling_label b JOIN labeling_labelclass c ON c.id = b.label_class_id
        WHERE b.annotation_id = a.id
    ) answer ON true
    WHERE a.document_id = ANY(%(documents)s) AND NOT a.is_withdrawal
      AND (r.how IS NOT NULL OR NOT %(only_final)s)
    ORDER BY d.position, a.id
"""

PREDICTIONS = """
    SELECT p.document_id, p.source_id, p.version, p.probabilities
    FROM labeling_prediction p JOIN labeling_predictionsource s ON s.id = p.source_id
    WHERE p.document_id = ANY(%(documents)s) ORDER BY p.document_id, s.name
"""

# Counts, then flags: metadata, splits, overlapping spans, no class, provenance, predictions, guideline.
FEATURES = """
    WITH present AS NOT MATERIALIZED (
        SELECT id, split, metadata, state FROM labeling_document
        WHERE project_id = %(project)s AND state <> 'excluded'
    ), made AS NOT MATERIALIZED (
        SELECT document_id, coalesce(annotator_id::text, 'elsewhere ' || (origin->>'annotator')) AS annotator
        FROM labeling_annotation WHERE project_id = %(project)s AND NOT is_withdrawal
    ), per_document AS (
        SELECT count(*) AS annotations FROM made GROUP BY document_id
    )
    SELECT (SELECT count(*) FROM present),
           (SELECT count(*) FROM present p WHERE NOT EXISTS (
               SELECT 1 FROM labeling_annotation m WHERE m.document_id = p.id AND NOT m.is_withdrawal)),
           (SELECT count(DISTINCT annotator) FROM made),
           (SELECT coalesce(max(annotations), 0) FROM per_document),
           EXISTS (SELECT 1 FROM present WHERE metadata <> '{}'),
           EXISTS (SELECT 1 FROM present WHERE split = 'test'),
           %(overlapping)s AND EXISTS (
               SELECT 1 FROM labeling_label b JOIN labeling_annotation a ON a.id = b.annotation_id
               JOIN labeling_label o ON o.annotation_id = b.annotation_id
                   AND o.id <> b.id AND o.start < b."end" AND b.start < o."end"
               WHERE a.project_id = %(project)s),
           EXISTS (SELECT 1 FROM labeling_annotation a
               WHERE a.project_id = %(project)s AND NOT a.is_withdrawal
                 AND NOT EXISTS (SELECT 1 FROM labeling_label b WHERE b.annotation_id = a.id)),
           EXISTS (SELECT 1 FROM made),
           EXISTS (SELECT 1 FROM labeling_prediction WHERE project_id = %(project)s),
           EXISTS (SELECT 1 FROM labeling_guideline WHERE project_id = %(project)s AND body <> '')
"""
