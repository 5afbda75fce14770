"""Archives: text files, one file in a zip, and what is no archive of ours."""

import io
import tarfile
import zipfile

from django.test import Client

from labeling.documents.imports import ImportJob
from labeling.projects.models import Project
from tests.labeling.web.imports.uploads import kept_files, send, start, text


def zipped(**files: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files.items():
            target.writestr(name, content)
    return archive.getvalue()


def test_each_text_file_of_a_zip_is_a_document(client: Client, empty: Project) -> None:
    files = {
        "mails/one.txt": b"One\r\nline.",
        "mails/two.txt": "Zwei ü.".encode(),
        "__MACOSX/._one.txt": b"x",
    }
    page = text(send(client, empty, zipped(**files), "mails.zip"))
    assert "Check the preview" in page
    assert "Zwei ü." in page
    start(client, empty)
    documents = empty.documents.order_by("position").values_list("external_id", "text")
    assert list(documents) == [("mails/one.txt", "One\r\nline."), ("mails/two.txt", "Zwei ü.")]
    assert not kept_files()


def test_a_tar_is_read_like_a_zip_compressed_or_not(client: Client, empty: Project) -> None:
    for mode in ("w", "w:gz"):
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode=mode) as target:
            for name in ("a.txt", "b.txt"):
                member = tarfile.TarInfo(f"{mode}/{name}")
                member.size = len(mode + name)
                target.addfile(member, io.BytesIO((mode + name).encode()))
        send(client, empty, archive.getvalue(), "mails.tar" if mode == "w" else "mails.tgz")
        start(client, empty)
    assert empty.documents.count() == 4


def test_one_table_in_a_zip_is_read_as_the_table(client: Client, empty: Project) -> None:
    page = text(send(client, empty, zipped(**{"t.csv": b"nr,text\n1,Hello there\n2,Good bye\n"}), "t.zip"))
    assert "Map the columns" in page
    start(client, empty, text="text", id="nr")
    assert set(empty.documents.values_list("external_id", flat=True)) == {"1", "2"}


def test_a_file_of_the_archive_that_is_no_text_costs_itself_alone(client: Client, empty: Project) -> None:
    send(client, empty, zipped(**{"a.txt": b"fine", "b.txt": b"\xff\xfe\xff", "c.txt": b"  "}), "mails.zip")
    page = text(start(client, empty))
    assert "1 document imported" in page
    assert [row["line"] for row in ImportJob.objects.get().bad_rows] == [2, 3]


def test_archives_of_nothing_known_are_refused_with_a_reason(client: Client, empty: Project) -> None:
    for archive, reason in (
        (zipped(**{"a.png": b"\x89PNG", "b.png": b"\x89PNG"}), "The archive holds 2 files of no format"),
        (zipped(), "The archive is empty"),
        (b"PK\x03\x04 and no more", "The archive is damaged"),
    ):
        assert reason in text(send(client, empty, archive, "x.zip"))
    assert not kept_files()
    assert not ImportJob.objects.exists()
