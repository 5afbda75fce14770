"""Class index: the column of each label class, and the label matrix of documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np

from labeling.learning.arrays.types import Flags


@dataclass(frozen=True)
class ClassIndex:
    """Label classes in the order of their columns. Build it by `of`."""

    classes: tuple[UUID, ...]
    _columns: dict[UUID, int] = field(repr=False, compare=False)

    @classmethod
    def of(cls, classes: Iterable[UUID]) -> ClassIndex:
        """The index of these classes, each named once, in the order of their columns."""
        ordered = tuple(classes)
        return cls(ordered, {label_class: column for column, label_class in enumerate(ordered)})

    def __len__(self) -> int:
        return len(self.classes)

    def __contains__(self, label_class: object) -> bool:
        return label_class in self._columns

    def column(self, label_class: UUID) -> int:
        """Raises KeyError for a class without a column."""
        return self._columns[label_class]

    def columns(self, label_classes: Iterable[UUID]) -> list[int]:
        """The columns of these classes in their order; a class without a column is left out."""
        return [self._columns[each] for each in label_classes if each in self._columns]

    def holds(self, label_classes: Iterable[UUID]) -> bool:
        """Whether each of these classes has a column."""
        return all(each in self._columns for each in label_classes)

    def matrix(self, rows: Sequence[Iterable[UUID]]) -> Flags:
        """The label matrix of n documents, each given by the classes of its labels.

        returns : (n, n_classes) bool; a class without a column, such as one that a model has not learned, is
            left out

        >>> first, second = UUID(int=1), UUID(int=2)
        >>> ClassIndex.of([first, second]).matrix([{second}, {first, UUID(int=3)}, set()]).tolist()
        [[False, True], [True, False], [False, False]]
        """
        flags = np.zeros((len(rows), len(self)), dtype=bool)
        for row, label_classes in enumerate(rows):
            flags[row, self.columns(label_classes)] = True
        return flags
