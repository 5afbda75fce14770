"""Optional packages: never loaded by a web process, and named where they are missing."""

import subprocess
import sys

import pytest

from labeling.formats import extras
from labeling.formats.bundles import FilesInMemory
from labeling.formats.converters import CONVERTERS
from labeling.formats.records import UnreadableFile
from reviewqueue.settings import BASE_DIR

FILES = {
    "excel": FilesInMemory({"mails.xlsx": b"PK\x03\x04"}),
    "arrow": FilesInMemory({"mails.parquet": b"PAR1"}),
    "spacy": FilesInMemory({"train.spacy": b"\x78\x9c"}),
}


@pytest.mark.slow
def test_no_web_process_loads_an_optional_package():
    code = (
        "import sys, reviewqueue.wsgi, reviewqueue.urls;"
        "print(sorted({'openpyxl', 'pyarrow', 'spacy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=BASE_DIR, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("key", CONVERTERS)
def test_a_file_whose_package_is_missing_is_refused_with_the_command_that_installs_it(key, monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda package: None)
    assert CONVERTERS[key].recognizes(FILES[key]), "without any library"
    with pytest.raises(UnreadableFile, match=r"pip install 'reviewqueue\[(exchange|spacy)\]'"):
        list(CONVERTERS[key].json_lines(FILES[key]))
