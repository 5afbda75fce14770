"""Share of an exhaustive test that a run makes: all of it, or in the quick run a part that meets each value.

The quick run is the one that leaves out what is slow. What a part leaves out, the whole suite tries.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TypeVar

from hypothesis import settings

QUICK = "quick"
QUICK_EXAMPLES = 15  # of a hundred
STRIDE = 5

Item = TypeVar("Item")

# The same examples every time, so that a run tells of its change and of nothing else; and no clock.
# To look for new ones: ./run test --hypothesis-profile=default
settings.register_profile("steady", derandomize=True, deadline=None, print_blob=True)
settings.register_profile(QUICK, settings.get_profile("steady"), max_examples=QUICK_EXAMPLES)


def is_quick() -> bool:
    return settings.get_current_profile_name() == QUICK


def examples(count: int) -> int:
    """So many of Hypothesis's examples, or in the quick run the same share of them as elsewhere."""
    return max(3, count * QUICK_EXAMPLES // 100) if is_quick() else count


def part_of(items: Iterable[Item], first: int = 0) -> Sequence[Item]:
    """All items, or in the quick run every fifth; parts that begin at other ones meet the others."""
    return list(islice(items, first % STRIDE, None, STRIDE) if is_quick() else items)
