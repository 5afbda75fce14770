"""How are new documents told from known ones?"""

import hashlib
import json

from django.db import connection

from labeling.documents import insert
from labeling.projects.models import Project

FILL = """
    INSERT INTO labeling_document (project_id, external_id, text, metadata, content_hash, split, state,
                                   position, random_key, round, extra_slots)
    SELECT %(project)s, nullif(n %% 2, 0) * n, 'text ' || n || repeat(' and more', 20), '{}',
           decode(md5(n::text), 'hex'), 'pool', 'open', n + 1000, n / 20000.0, 0, 0
    FROM generate_series(0, 19999) AS n
"""


def stage(numbers: range) -> None:
    with connection.cursor() as cursor:
        cursor.execute(insert.STAGE)
        with cursor.copy(insert.COPY) as copy:
            for number in numbers:
                digest = hashlib.md5(str(number).encode(), usedforsecurity=False).digest()
                external_id = str(number) if number % 2 else None
                copy.write_row((number, external_id, f"text {number}", "{}", digest, "pool", 0.5, ""))


def test_a_chunk_reads_none_of_a_table_that_grew_since_it_was_analyzed(tickets: Project) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE labeling_document")
        cursor.execute(FILL, {"project": tickets.pk})
        stage(range(19_000, 21_000))
        cursor.execute(f"EXPLAIN (FORMAT JSON) {insert.KNOWN}", {"project": tickets.pk})
        plan = json.dumps(cursor.fetchone()[0])
        cursor.execute(insert.KNOWN, {"project": tickets.pk})
        known = {number for number, _, is_same in cursor.fetchall() if is_same}
    assert known == set(range(19_000, 20_000))
    assert plan.count("Index Scan") == 2
    assert plan.count("Seq Scan") == 2  # of the chunk, once for each identity
