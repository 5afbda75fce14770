"""Do measurements refuse what no project can be, with a sentence?"""

import pytest

from benchmarks._interop.comparison import Comparison, Document, merged
from benchmarks._interop.projects import projects
from benchmarks.reports import size_of


def test_a_small_pool_gets_a_test_set_that_fits():
    size, _ = size_of(["--documents", "2000", "--labels", "300"])
    assert (size.documents, size.labels, size.test) == (2000, 300, 150)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--documents", "2000", "--labels", "1990", "--test", "1950"], "at most 90% of the documents"),
        (["--documents", "2000", "--labels", "300", "--test", "300"], "more than those of the test set"),
        (["--documents", "200", "--labels", "300"], "at most as many as the documents"),
    ],
)
def test_what_no_project_can_be_is_a_usage_error(capsys, arguments, message):
    with pytest.raises(SystemExit) as ended:
        size_of(arguments)
    assert ended.value.code == 2
    assert message in " ".join(capsys.readouterr().err.split())


def document(key: str, **annotations: list[str]) -> Document:
    return Document(
        id=key, text=f"Text {key}", metadata={}, split=None, annotations=annotations, predictions={}
    )


def test_a_round_trip_lists_each_loss_by_document_and_aspect():
    comparison = Comparison()
    comparison.add("mails", [document("1", ann=["a"]), document("2")], [document("1")])
    assert comparison.result["documents"] == 2
    assert comparison.result["equal"]["text"] == 1
    assert comparison.result["losses"] == {
        "annotations": ["mails/1: {'ann': ['a']} became {}"],
        "document": ["mails/2: missing"],
    }


def test_a_document_that_a_file_holds_per_annotator_is_compared_once():
    assert merged([document("1", ann=["a"]), document("1", bob=["a"])]) == [
        document("1", ann=["a"], bob=["a"])
    ]


def test_the_projects_of_the_round_trips_have_texts_that_trip_tools_up():
    texts = "".join(record.text for _, records in projects().values() for record in records)
    assert all(piece in texts for piece in ("\r\n", "🙂", "\u0308", '"', "\u2028", "=1+1", "<b>"))
    for outline, records in projects().values():
        names = {item.name for item in outline.classes}
        for record in records:
            for span in (span for answer in record.answers for span in answer.spans or ()):
                assert record.text[span.start : span.end].strip()
                assert span.label in names
