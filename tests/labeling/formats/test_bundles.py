"""Files of an archive or folder by name: what counts, what is hidden, and what is refused."""

import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from labeling.formats import bundles
from labeling.formats.bundles import Bundle, open_bundle
from labeling.formats.records import UnreadableFile


def zip_of(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tar_of(path: Path, files: dict[str, bytes], mode: str) -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


FILES = {"b/two.txt": b"two", "one.txt": b"one\r\n"}
HIDDEN = {"__MACOSX/._one.txt": b"x", ".DS_Store": b"x", "b/Thumbs.db": b"x"}


def content(bundle: Bundle, name: str) -> bytes:
    with bundle.open(name) as file:
        return file.read()


def contents(path: Path) -> dict[str, bytes]:
    with open_bundle(path) as bundle:
        files = {name: content(bundle, name) for name in bundle.names}
        assert {name: bundle.size(name) for name in bundle.names} == {n: len(c) for n, c in files.items()}
    return files


def test_a_zip_a_tar_and_a_folder_hold_the_same_files(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    for name, content in (FILES | HIDDEN).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    assert contents(folder) == FILES
    assert contents(zip_of(tmp_path / "a.zip", FILES | HIDDEN)) == FILES
    for suffix, mode in ((".tar", "w"), (".tar.gz", "w:gz"), (".tgz", "w:gz")):
        assert contents(tar_of(tmp_path / f"a{suffix}", FILES | HIDDEN, mode)) == FILES


def test_a_folder_of_settings_that_a_tool_hides_is_kept(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "a.zip", {".argilla/settings.json": b"{}", "records.json": b"[]"})
    assert set(contents(path)) == {".argilla/settings.json", "records.json"}


def test_a_single_file_is_a_bundle_of_one_whatever_it_is_called(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"text")
    with open_bundle(path, "mails.csv") as bundle:
        assert bundle.names == ["mails.csv"]
        assert content(bundle, "mails.csv") == b"text"


def test_an_archive_that_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    damaged = zip_of(tmp_path / "damaged.zip", {"a.txt": b"0123456789" * 100, "b.txt": b"b"})
    raw = bytearray(damaged.read_bytes())
    raw[45:50] = b"?????"
    damaged.write_bytes(raw)
    cut = tmp_path / "cut.zip"
    cut.write_bytes(raw[:-30])
    bomb = zip_of(tmp_path / "bomb.zip", {"a.txt": b"0" * 40_000_000})
    cut_tar = tar_of(tmp_path / "whole.tar.gz", {"a.txt": bytes(range(256)) * 1000}, "w:gz")
    cut_tar.write_bytes(cut_tar.read_bytes()[:-40])
    for path, reason in (
        (damaged, "The archive is damaged"),
        (cut, "The archive is damaged"),
        (bomb, "expands more than 100 times"),
        (cut_tar, "incomplete"),
        (zip_of(tmp_path / "empty.zip", {}), "The archive is empty"),
    ):
        with pytest.raises(UnreadableFile, match=reason):
            contents(path)


def test_a_locked_archive_asks_for_one_without_a_password(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "locked.zip", {"a.txt": b"secret"})
    raw = bytearray(path.read_bytes())
    raw[6] |= 1  # the flag of the file's own header, and that of the directory
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    with pytest.raises(UnreadableFile, match="password"):
        contents(path)


def test_no_archive_fills_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "MAX_UNPACKED_BYTES", 2_000)
    fits = tar_of(tmp_path / "fits.tgz", {"a.txt": b"short"}, "w:gz")
    with pytest.raises(UnreadableFile, match="when it is unpacked"):
        contents(fits)  # a tar ends with 10,240 bytes
    monkeypatch.setattr(bundles, "MAX_UNPACKED_BYTES", 20_000)
    assert contents(fits) == {"a.txt": b"short"}


def test_names_of_files_that_are_not_utf8_can_be_stored_and_opened(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar"
    with tarfile.open(archive, "w", format=tarfile.GNU_FORMAT, encoding="latin-1") as tar:
        member = tarfile.TarInfo("café.txt")
        member.size = 5
        tar.addfile(member, io.BytesIO(b"Hello"))
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / os.fsdecode(b"caf\xe9.txt")).write_bytes(b"Hello")
    assert contents(archive) == contents(folder) == {"café.txt": b"Hello"}
