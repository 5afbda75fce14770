"""Invariants: all that the queue promises, each with statements that list what breaks it.

The numbers are those of the design. Most of it is refused by constraints already: this looks at the rows
themselves, as one would after a restored backup, a crash or a repair by hand.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from labeling.explanations.selection_reason import ReasonKey

SHOWN = 5  # broken rows named in the answer


@dataclass(frozen=True)
class Invariant:
    """A promise, and for each way to break it the statement that lists the rows which do."""

    number: int
    promise: str
    breaches: dict[str, str]


@dataclass(frozen=True)
class Breach:
    """Rows that break a promise."""

    number: int
    what: str
    count: int
    examples: list[str]  # some of them, by their identifiers


_COUNTED = """
    SELECT d.id, d.state, p.overlap + d.extra_slots AS wanted,
           greatest(p.overlap, p.most_overlap) + d.extra_slots AS most, count(*) AS counted
    FROM labeling_lease l
    JOIN labeling_document d ON d.id = l.document_id AND d.round = l.round
    JOIN labeling_project p ON p.id = d.project_id
    WHERE l.state = 'submitted'
    GROUP BY d.id, p.id
"""
_CURRENT = """
    SELECT a.* FROM labeling_annotation a
    LEFT JOIN labeling_annotation later ON later.supersedes_id = a.id
    WHERE a.source IN ('person', 'machine') AND NOT a.is_surplus AND NOT a.is_withdrawal AND later.id IS NULL
"""
_TRIGGERS = (
    "annotation_is_append_only",
    "label_is_append_only",
    "guideline_is_append_only",
    "classrule_is_append_only",
)


def _missing_triggers(*names: str) -> str:
    triggers = ", ".join(f"('{name}')" for name in names)
    return f"""
        SELECT wanted.name FROM (VALUES {triggers}) AS wanted(name)
        WHERE NOT EXISTS (SELECT 1 FROM pg_trigger t
                          WHERE t.tgname = wanted.name AND t.tgenabled IN ('O', 'A'))
    """


def _other_project(table: str, column: str, target: str) -> str:
    return f"""
        SELECT a.id FROM labeling_{table} a JOIN labeling_{target} b ON b.id = a.{column}
        WHERE a.project_id <> b.project_id
    """


INVARIANTS = (
    Invariant(1, "every acknowledged annotation is stored", {
        "a submitted lease without its own current annotation": """
            SELECT l.id FROM labeling_lease l
            LEFT JOIN labeling_annotation a ON a.id = l.annotation_id
            LEFT JOIN labeling_annotation later ON later.supersedes_id = a.id
            WHERE l.state = 'submitted'
              AND (a.id IS NULL OR later.id IS NOT NULL OR a.is_surplus OR a.is_withdrawal
                   OR (a.document_id, a.round, a.annotator_id) <> (l.document_id, l.round, l.annotator_id))
        """,
        "a single-label annotation without exactly one label": """
            SELECT a.id FROM labeling_annotation a
            JOIN labeling_project p ON p.id = a.project_id AND p.kind = 'single'
            LEFT JOIN labeling_label b ON b.annotation_id = a.id
            WHERE NOT a.is_withdrawal GROUP BY a.id HAVING count(b.id) <> 1
        """,
    }),
    Invariant(2, "a document has at most `overlap` counted annotations, each by another annotator", {
        "two annotations under one claim": """
            SELECT min(id) FROM labeling_annotation WHERE epoch IS NOT NULL
            GROUP BY lease_id, epoch HAVING count(*) > 1
        """,
        "two counted annotations by one annotator": f"""
            SELECT min(id) FROM ({_CURRENT}) c GROUP BY document_id, round, annotator_id HAVING count(*) > 1
        """,
        "more counted annotations than requested": f"SELECT id FROM ({_COUNTED}) c WHERE counted > most",
        "a slot held twice": """
            SELECT min(id) FROM labeling_lease WHERE slot IS NOT NULL
            GROUP BY document_id, round, slot HAVING count(*) > 1
        """,
        "labeled without a final label, or the reverse": """
            SELECT d.id FROM labeling_document d LEFT JOIN labeling_resolution r ON r.document_id = d.id
            WHERE (d.state = 'resolved') <> (r.document_id IS NOT NULL)
        """,
        "a gold document whose final label is not its gold label": """
            SELECT d.id FROM labeling_document d
            LEFT JOIN labeling_resolution r ON r.document_id = d.id
            LEFT JOIN labeling_annotation a ON a.id = r.annotation_id
            WHERE d.is_gold <> (r.how IS NOT DISTINCT FROM 'gold') OR (d.is_gold AND a.source <> 'gold')
        """,
        "the trigger that protects gold labels is missing": _missing_triggers("gold_stays_settled"),
    }),
    Invariant(3, "a replaced token changes nothing, and no work is dropped", {
        "a counted annotation without a lease": f"""
            SELECT c.id FROM ({_CURRENT}) c LEFT JOIN labeling_lease l ON l.annotation_id = c.id
            WHERE l.id IS NULL
        """,
        "an annotation under a lease of another document or annotator, or under a claim that never was": """
            SELECT a.id FROM labeling_annotation a JOIN labeling_lease l ON l.id = a.lease_id
            WHERE a.document_id <> l.document_id OR a.annotator_id <> l.annotator_id OR a.epoch > l.epoch
        """,
    }),
    Invariant(4, "claim and submit are idempotent by their keys", {
        "two annotations under one key": """
            SELECT min(id) FROM labeling_annotation WHERE key IS NOT NULL
            GROUP BY annotator_id, key HAVING count(*) > 1
        """,
        "two claims under one key": """
            SELECT min(id) FROM labeling_claim GROUP BY project_id, annotator_id, key HAVING count(*) > 1
        """,
        "a lease of another annotator's claim": """
            SELECT l.id FROM labeling_lease l JOIN labeling_claim c ON c.id = l.claim_id
            WHERE c.annotator_id <> l.annotator_id OR c.project_id <> l.project_id
        """,
    }),
    Invariant(5, "annotations are append-only", {
        "a trigger that refuses changes is missing": _missing_triggers(*_TRIGGERS),
        "an annotation that supersedes one by another annotator, of another document or a later one": """
            SELECT b.id FROM labeling_annotation b JOIN labeling_annotation a ON a.id = b.supersedes_id
            WHERE a.id >= b.id OR a.document_id <> b.document_id OR a.round <> b.round
               OR a.annotator_id IS DISTINCT FROM b.annotator_id
        """,
    }),
    Invariant(6, "a ranking is published as a whole and never replaced by an older one", {
        "an entry of a ranking that is not published": """
            SELECT e.id FROM labeling_queueentry e JOIN labeling_project p ON p.id = e.project_id
            WHERE e.generation > p.generation
        """,
        "the trigger that refuses older rankings is missing": _missing_triggers("generations_never_go_back"),
    }),
    Invariant(7, "labeling continues, and pending jobs are known", {
        "an unlabeled document that needs no more annotations": f"""
            SELECT id FROM ({_COUNTED}) c WHERE state = 'open' AND counted >= wanted
        """,
        "a job that no worker was told about for an hour": """
            SELECT id FROM labeling_owedwork
            WHERE state = 'queued' AND hinted_at IS NULL AND queued_at < labeling_now() - interval '1 hour'
        """,
    }),
    Invariant(8, "every entry and lease carries its reason", {
        "an entry without a share":
            f"SELECT id FROM labeling_queueentry WHERE NOT reason ? '{ReasonKey.SHARE}'",
        "a lease without a share": f"SELECT id FROM labeling_lease WHERE NOT reason ? '{ReasonKey.SHARE}'",
    }),
    Invariant(9, "a skip is final, and documents that several annotators skipped go to an adjudicator", {
        "an unlabeled document that three annotators skipped": """
            SELECT d.id FROM labeling_lease l
            JOIN labeling_document d ON d.id = l.document_id AND d.round = l.round
            WHERE l.state = 'skipped' AND d.state = 'open' GROUP BY d.id HAVING count(*) >= 3
        """,
        "a counted annotation by an annotator who skipped the document": f"""
            SELECT c.id FROM labeling_lease l
            JOIN ({_CURRENT}) c ON c.document_id = l.document_id AND c.round = l.round
                 AND c.annotator_id = l.annotator_id
            WHERE l.state = 'skipped'
        """,
    }),
    Invariant(10, "neither test documents nor exact copies of them are used for training", {
        "a held-out prediction of a document that is not in the test set": """
            SELECT h.id FROM labeling_heldoutprediction h JOIN labeling_document d ON d.id = h.document_id
            WHERE d.split <> 'test'
        """,
        "a copy of a test document that is not in its near-duplicate group": """
            SELECT d.id FROM labeling_document t JOIN labeling_project p ON p.id = t.project_id
            JOIN labeling_document d ON d.project_id = t.project_id AND d.content_hash = t.content_hash
            WHERE t.split = 'test' AND d.split = 'pool' AND greatest(d.position, t.position) < p.grouped_count
              AND (d.near_duplicate_group = t.near_duplicate_group) IS NOT TRUE
        """,
        "a near-duplicate group of one, or whose number is not its lowest position": """
            SELECT min(d.id) FROM labeling_document d JOIN labeling_project p ON p.id = d.project_id
            WHERE d.near_duplicate_group IS NOT NULL AND p.grouped_count = p.document_count
            GROUP BY d.project_id, d.near_duplicate_group
            HAVING count(*) = 1 OR min(d.position) <> d.near_duplicate_group
        """,
    }),
    Invariant(11, "no row belongs to two projects", {
        "a lease": _other_project("lease", "document_id", "document"),
        "a queue entry": _other_project("queueentry", "document_id", "document"),
        "an annotation": _other_project("annotation", "document_id", "document"),
        "a resolution": """
            SELECT r.document_id AS id FROM labeling_resolution r
            JOIN labeling_document d ON d.id = r.document_id
            JOIN labeling_annotation a ON a.id = r.annotation_id
            WHERE r.project_id <> d.project_id OR a.document_id <> d.id
        """,
        "a label": """
            SELECT b.id FROM labeling_label b JOIN labeling_annotation a ON a.id = b.annotation_id
            JOIN labeling_labelclass c ON c.id = b.label_class_id WHERE c.project_id <> a.project_id
        """,
        "a lease of a user who was never a member": """
            SELECT l.id FROM labeling_lease l WHERE NOT EXISTS (
                SELECT 1 FROM labeling_membership m
                WHERE m.project_id = l.project_id AND m.user_id = l.annotator_id)
        """,
    }),
)  # fmt: skip


def breaches(invariant: Invariant) -> list[Breach]:
    """What breaks this promise now; empty while it holds."""
    rows = []
    with connection.cursor() as cursor:
        for what, statement in invariant.breaches.items():
            cursor.execute(_counting(statement))
            count, examples = cursor.fetchone()
            if count:
                rows.append(Breach(invariant.number, what, count, examples))
    return rows


def _counting(statement: str) -> str:
    return f"""
        SELECT count(*), (array_agg(broken.row))[1:{SHOWN}]
        FROM (SELECT found::text AS row FROM ({statement}) AS found) AS broken
    """
