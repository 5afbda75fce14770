"""Do measurements refuse what no project can be, with a sentence?"""

import pytest

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
