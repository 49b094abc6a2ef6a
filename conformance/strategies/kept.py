"""Where generated examples that showed something are kept from one run to the next."""

from __future__ import annotations

from pathlib import Path

from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase


def open_database(where: str) -> ExampleDatabase | None:
    """The database at ``where``.

    Args:
        where: a folder, the URL of a Redis server (redis://, rediss:// or unix://), or empty.
    """
    if not where:
        return None
    if "://" not in where:
        return DirectoryBasedExampleDatabase(Path(where))
    from hypothesis.extra.redis import RedisExampleDatabase
    from redis import Redis

    return RedisExampleDatabase(Redis.from_url(where, socket_timeout=5, socket_connect_timeout=5))
