"""The order of tests in a parallel run: no service is started twice, for two halves of a module's tests.

Each process begins with an equal part of the tests, and takes from the end of another's when it has none. So
modules that start the service come first in the parts, each of them in one.
"""

import pytest


def in_parts(items: list[pytest.Item], count: int) -> list[pytest.Item]:
    """The tests for this many processes, one part after the other."""
    heavy: dict[str, list[pytest.Item]] = {}
    rest: list[pytest.Item] = []
    for item in items:
        is_heavy = item.get_closest_marker("workers") is not None
        (heavy.setdefault(item.nodeid.split("::")[0], []) if is_heavy else rest).append(item)
    parts: list[list[pytest.Item]] = [[] for _ in range(count)]
    for number, module in enumerate(sorted(heavy.values(), key=len, reverse=True)):
        parts[number % count] += module
    left = len(items)
    for number, part in enumerate(parts):
        size = max(left // (count - number), len(part))  # as pytest-xdist cuts them
        taken = size - len(part)
        part += rest[:taken]
        del rest[:taken]
        left -= size
    return [item for part in parts for item in part]
