"""A JSON object as a stream of its members, one list of it element by element, in constant memory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from labeling.formats import strict_json
from labeling.formats.records import RowProblem, UnreadableFile, gettext_noop

Path: TypeAlias = tuple[str, ...]

MAX_KEY_BYTES = 1_000

_BLANKS = b" \t\r\n"
_ENDS = (b",", b"}", b"]")
_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_TOKEN = re.compile(rb'"' + _STRING.pattern + rb'"|[][{},"]', re.DOTALL)  # a lone quote: its string goes on


def members(chunks: Iterable[bytes], list_path: Path, max_bytes: int) -> Iterator[tuple[Path, bytes]]:
    """(path, value) of each member of an object, in the order of the file.

    list_path : the keys that lead to a list; the objects on the way are entered, and each element of the list
        is yielded under this path. All other values are yielded as they are.
    max_bytes : values are cut to one byte more, and not checked yet
    Raises UnreadableFile where the object breaks off or is none.

    >>> list(members([b'{"a": {"b": [1, {}], "c": 2}}'], ("a", "b"), 20))
    [(('a', 'b'), b'1'), (('a', 'b'), b'{}'), (('a', 'c'), b'2')]
    """
    cursor = _Cursor(chunks, max_bytes)
    yield from _object(cursor, (), list_path)
    if cursor.peek():
        raise UnreadableFile(gettext_noop("There is text after the JSON object. Remove it."))


def _object(cursor: _Cursor, path: Path, list_path: Path) -> Iterator[tuple[Path, bytes]]:
    cursor.take(b"{")
    has_more = cursor.peek() != b"}"
    while has_more:
        inner = (*path, cursor.key())
        cursor.take(b":")
        opener = cursor.peek()
        if inner == list_path and opener == b"[":
            for element in _list(cursor):
                yield inner, element
        elif inner != list_path and inner == list_path[: len(inner)] and opener == b"{":
            yield from _object(cursor, inner, list_path)
        else:
            yield inner, cursor.value()
        has_more = cursor.takes_comma()
    cursor.take(b"}")


def _list(cursor: _Cursor) -> Iterator[bytes]:
    cursor.take(b"[")
    has_more = cursor.peek() != b"]"
    while has_more:
        yield cursor.value()
        has_more = cursor.takes_comma()
    cursor.take(b"]")


class _Cursor:
    """A place in a stream of JSON, of which only the rest of one chunk is held."""

    def __init__(self, chunks: Iterable[bytes], max_bytes: int) -> None:
        self._chunks = iter(chunks)
        self._buffer = b""
        self._position = 0
        self._max_bytes = max_bytes

    def peek(self) -> bytes:
        """The next byte that is no white space; empty at the end."""
        while True:
            while self._position < len(self._buffer):
                byte = self._buffer[self._position : self._position + 1]
                if byte not in _BLANKS:
                    return byte
                self._position += 1
            if not self._fill():
                return b""

    def take(self, expected: bytes) -> None:
        """Pass over one byte. Raises UnreadableFile where another one stands."""
        if self.peek() != expected:
            raise _broken()
        self._position += 1

    def takes_comma(self) -> bool:
        """Pass over a comma, if one follows."""
        is_comma = self.peek() == b","
        self._position += is_comma
        return is_comma

    def key(self) -> str:
        if self.peek() != b'"':
            raise _broken()
        kept = bytearray()
        self._string(kept)
        try:
            key = strict_json.loads(bytes(kept[: MAX_KEY_BYTES + 1]))
        except RowProblem:
            raise _broken() from None
        return str(key)

    def value(self) -> bytes:
        """The bytes up to the comma or bracket that ends this value."""
        kept = bytearray()
        depth = 0
        while True:
            for token in _TOKEN.finditer(self._buffer, self._position):
                text = token[0]
                if text == b'"':  # the rest of this string is in the next chunk
                    self._keep(kept, token.start())
                    self._string(kept)
                    break
                if depth == 0 and text in _ENDS:
                    self._keep(kept, token.start())
                    return bytes(kept).strip(_BLANKS)
                if len(text) == 1:
                    depth += (text in b"[{") - (text in b"]}")
            else:
                self._keep(kept, len(self._buffer))
                if not self._fill():
                    raise _broken()

    def _string(self, kept: bytearray) -> None:
        self._keep(kept, self._position + 1)
        while True:
            match = _STRING.match(self._buffer, self._position)
            self._keep(kept, match.end() if match else self._position)
            if self._buffer[self._position : self._position + 1] == b'"':
                self._keep(kept, self._position + 1)
                return
            if not self._fill():
                raise _broken()

    def _keep(self, kept: bytearray, end: int) -> None:
        room = max(0, self._max_bytes + 1 - len(kept))
        kept += self._buffer[self._position : min(end, self._position + room)]
        self._position = end

    def _fill(self) -> bool:
        """Another chunk behind what is left of the last one; False at the end."""
        chunk = next(self._chunks, b"")
        self._buffer = self._buffer[self._position :] + chunk
        self._position = 0
        return bool(chunk)


def _broken() -> UnreadableFile:
    return UnreadableFile(gettext_noop("The JSON object is damaged or incomplete. Export it again."))
