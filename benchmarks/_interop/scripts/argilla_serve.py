"""Argilla's own server on SQLite, without a search index: run by its Python, without our modules.

The index finds records for annotators and is Elasticsearch's. To_disk and from_disk read the database.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from alembic import command
from alembic.config import Config
from argilla_server._app import app
from argilla_server.database import ALEMBIC_CONFIG_FILE, get_async_db
from argilla_server.enums import UserRole
from argilla_server.models import User, Workspace
from argilla_server.search_engine import SearchEngine


async def nothing(self: Any, *arguments: Any, **options: Any) -> None:
    """An index that takes everything and has nothing."""


async def is_up(self: Any) -> bool:
    return True


async def new_instance(cls: Any) -> Any:
    return cls()


async def add_owner(key: str) -> None:
    """The owner, whose key opens everything, and the workspace."""
    sessions: AsyncIterator[Any] = get_async_db()
    async for session in sessions:
        await Workspace.create(session, name="default")
        owner = User(
            username="owner", first_name="Owner", role=UserRole.owner, password_hash="-", api_key=key
        )
        await owner.save(session)


def main(port: int, key: str) -> None:
    members: dict[str, Any] = dict.fromkeys(SearchEngine.__abstractmethods__, nothing)
    members |= {"ping": is_up, "new_instance": classmethod(new_instance)}
    SearchEngine.register("none")(type("NoIndex", (SearchEngine,), members))
    command.upgrade(Config(ALEMBIC_CONFIG_FILE), "head")
    asyncio.run(add_owner(key))
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
