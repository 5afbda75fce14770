"""Database backend: what Django loads for the ENGINE `reviewqueue.postgresql`. Its own, but for the pool."""

from __future__ import annotations

from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base

from reviewqueue.postgresql.pool import Pool


class DatabaseWrapper(base.DatabaseWrapper):
    """Django names the class of its pool in this property and nowhere else."""

    @property
    def pool(self) -> Pool | None:
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        pools: dict[str, Pool] = self._connection_pools  # type: ignore[attr-defined]
        if self.alias not in pools:
            pool = Pool(
                kwargs=self.get_connection_params() | {"autocommit": True},  # Django sets it later itself
                configure=self._configure_connection,  # type: ignore[attr-defined]
                **options,
            )
            pools.setdefault(self.alias, pool)  # of two threads at once, one makes the pool for both
        return pools[self.alias]
