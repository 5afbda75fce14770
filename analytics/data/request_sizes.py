"""Request sizes: how many documents one press of a button asks for."""

from __future__ import annotations

WANTED_LABELS = 20  # one press of a button: half an hour of one person
TEST_DOCUMENTS = 20  # of the test set that one press brings to the front
