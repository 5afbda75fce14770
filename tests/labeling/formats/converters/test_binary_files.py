"""Damage in binary files: whatever a library raises, the sender reads what to do."""

import errno

import pytest

from labeling.formats.converters.binary_files import damage_is
from labeling.formats.records import UnreadableFile


@pytest.mark.parametrize("error", [ValueError, KeyError, MemoryError, RecursionError, OSError])
def test_whatever_a_library_raises_is_damage(error):
    """A file may claim to hold a petabyte, for which there is no memory."""
    with pytest.raises(UnreadableFile, match="Write it again"), damage_is("Write it again."):
        raise error


def test_what_is_said_already_stays_as_it_is():
    with pytest.raises(UnreadableFile, match="too large"), damage_is("Write it again."):
        raise UnreadableFile("too large")


def test_a_full_disk_is_no_damage():
    with pytest.raises(OSError, match="No space left"), damage_is("Write it again."):
        raise OSError(errno.ENOSPC, "No space left on device")
