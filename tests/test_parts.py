"""The order of tests in a parallel run."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.parts import in_parts


@dataclass(frozen=True)
class Item:
    nodeid: str
    marker: str = ""

    def get_closest_marker(self, name: str) -> Any:
        return self.marker if self.marker == name else None


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("light", [40, 41, 42, 43])
def test_each_module_that_starts_the_service_begins_the_part_of_one_process(count: int, light: int) -> None:
    items: Any = [Item(f"light.py::{n}") for n in range(light)]
    for name, tests in (("a", 7), ("b", 5), ("c", 2), ("d", 1)):
        items[tests:tests] = [Item(f"{name}.py::{n}", "workers") for n in range(tests)]
    ordered: Any = in_parts(items, count)
    assert sorted(item.nodeid for item in ordered) == sorted(item.nodeid for item in items)
    begun: set[str] = set()
    left = ordered
    for number in range(count):
        size = len(left) // (count - number)  # as pytest-xdist hands them out
        part, left = left[:size], left[size:]
        heavy = [item for item in part if item.marker]
        assert part[: len(heavy)] == heavy
        files = {item.nodeid.split("::")[0] for item in heavy}
        assert begun.isdisjoint(files)
        begun |= files
    assert begun == {"a.py", "b.py", "c.py", "d.py"}


def test_the_tests_of_a_module_keep_their_order() -> None:
    items: Any = [Item(f"a.py::{n}", "workers") for n in range(5)] + [Item(f"b.py::{n}") for n in range(5)]
    assert in_parts(items, 2)[:5] == items[:5]
