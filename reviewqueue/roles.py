"""Database roles: what the service's own may do. Read and change rows, and nothing else.

Tables are made, changed and emptied by another role, their owner. So a statement that somebody smuggled in
can switch off no trigger, empty no append-only table, read no file and run no program.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from psycopg import sql


class Cursor(Protocol):
    """Of psycopg or of Django."""

    def execute(self, query: Any, params: Any = None) -> Any: ...
    def fetchone(self) -> Any: ...


def let_serve(cursor: Cursor, role: str, password: str = "") -> None:
    """Make the role where it is missing, and give it its rights on what is there and what will be.

    The cursor is the owner's. Where the owner may make no roles, the role has to be there.
    """
    cursor.execute("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
    if cursor.fetchone()[0]:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        verb = "ALTER" if cursor.fetchone() else "CREATE"
        secret = sql.SQL(" PASSWORD {}").format(sql.Literal(password)) if password else sql.SQL("")
        plain = " ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE"
        cursor.execute(sql.SQL(verb + plain).format(sql.Identifier(role)) + secret)
    cursor.execute("SELECT current_database()")
    for statement in _grants(role, cursor.fetchone()[0]):
        cursor.execute(statement)


def _grants(role: str, database: str) -> Iterator[sql.Composed]:
    grants = (
        "GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {role}",
        "GRANT USAGE ON SCHEMA public TO {role}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role}",
    )
    names = {"role": sql.Identifier(role), "database": sql.Identifier(database)}
    return (sql.SQL(grant).format(**names) for grant in grants)
