"""What becomes of the predictions of models from elsewhere?"""

from collections.abc import Callable

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from labeling.exceptions import InvalidInput, NotAllowed
from labeling.formats.predictions import PredictionRow, read_predictions
from labeling.formats.records import BadRow
from labeling.guidelines import classes
from labeling.predictions import external
from labeling.predictions.models import Prediction, PredictionSource
from labeling.projects.models import Project
from tests.fixtures.people import fill


def prediction(
    number: int, source: str = "rules", is_top: bool = False, **probabilities: float
) -> PredictionRow:
    """On the document t<number>."""
    return PredictionRow(number, source, external_id=f"t{number}", probabilities=probabilities, is_top=is_top)


def test_each_source_is_read_as_arrays_with_a_row_for_each_document_it_knows(
    tickets: Project, joan: User
) -> None:
    rows = [
        prediction(3, Refund=0.7, Billing=0.2),
        prediction(1, Delivery=1.0),
        prediction(2, "llm", Billing=0.5),
    ]
    done = external.record(tickets.pk, joan, rows)
    assert (done.read, done.stored, done.bad) == (3, 3, 0)
    predictions = external.external_predictions(tickets.pk)
    names = list(tickets.classes.values_list("name", flat=True))
    positions, probabilities = predictions["rules"]
    assert (positions.dtype, probabilities.dtype, positions.tolist()) == (np.int64, np.float32, [1, 3])
    assert probabilities[0, names.index("Delivery")] == 1
    assert probabilities[1, names.index("Refund")] == pytest.approx(0.7)
    assert probabilities.sum(axis=1) == pytest.approx([1, 1], abs=1e-4)
    assert predictions["llm"][1][0].tolist() == pytest.approx(
        [0.5 if n == "Billing" else 0.25 for n in names]
    )


def test_the_last_word_of_a_source_counts_however_often_it_is_sent(tickets: Project, joan: User) -> None:
    for _ in range(2):
        external.record(tickets.pk, joan, [prediction(1, Refund=0.9), prediction(1, Billing=0.8)])
    assert Prediction.objects.count() == 1
    (_positions, probabilities) = external.external_predictions(tickets.pk)["rules"]
    names = list(tickets.classes.values_list("name", flat=True))
    assert probabilities[0].argmax() == names.index("Billing")


def test_a_class_that_came_later_is_0_for_what_was_said_before(tickets: Project, joan: User) -> None:
    external.record(tickets.pk, joan, [prediction(1, Refund=1.0)])
    late = classes.add(tickets.pk, joan, "Late")
    external.record(tickets.pk, joan, [prediction(2, Late=1.0)])
    positions, probabilities = external.external_predictions(tickets.pk, [late.pk])["rules"]
    assert (positions.tolist(), probabilities[:, 0].tolist()) == ([1, 2], [0, 1])


def test_several_classes_are_each_on_their_own(make_project: Callable[..., Project], joan: User) -> None:
    project = make_project(kind="multi")
    external.record(project.pk, joan, [prediction(1, Refund=0.9, Billing=0.8)])
    _positions, probabilities = external.external_predictions(project.pk)["rules"]
    assert sorted(probabilities[0].tolist(), reverse=True)[:3] == pytest.approx([0.9, 0.8, 0])


def test_a_class_is_known_by_every_spelling_of_its_name(tickets: Project, joan: User) -> None:
    classes.add(tickets.pk, joan, "Réclamation")
    done = external.record(
        tickets.pk,
        joan,
        [PredictionRow(1, "llm", external_id="t1", probabilities={"Re\u0301clamation ": 1.0})],
    )
    assert (done.stored, done.bad) == (1, 0)


def test_bad_ones_are_told_by_their_line_and_the_others_stored(tickets: Project, joan: User) -> None:
    rows = [
        prediction(1, Refund=0.9),
        prediction(99, Refund=0.9),
        prediction(2, Nonsense=0.9),
        prediction(3, Refund=0.9, Billing=0.9),
        BadRow(7, "unreadable", "x"),
    ]
    done = external.record(tickets.pk, joan, rows)
    assert (done.read, done.stored, done.bad) == (5, 1, 4)
    assert [row.line for row in done.bad_rows] == [7, 99, 2, 3]


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        '{"document": 1, "source": "a"}',
        '{"source": "a", "label": "Refund"}',
        '{"document": 1, "external_id": "t1", "source": "a", "label": "Refund"}',
        '{"document": true, "source": "a", "label": "Refund"}',
        '{"document": 1, "source": " ", "label": "Refund"}',
        '{"document": 1, "source": "a", "label": "Refund", "confidence": 1.5}',
        '{"document": 1, "source": "a", "probabilities": {}}',
        '{"document": 1, "source": "a", "probabilities": {"Refund": "much"}}',
        '{"document": 1, "source": "a", "label": "Refund", "color": "red"}',
        '{"document": 1, "source": "a", "label": "Refund", "probabilities": {"Refund": 1}}',
    ],
)
def test_a_line_that_says_nothing_clear_is_a_bad_row(line: str) -> None:
    (row,) = read_predictions([line.encode()])
    assert isinstance(row, BadRow)


def test_a_source_is_forgotten_with_all_it_said(tickets: Project, joan: User, ann: User) -> None:
    external.record(tickets.pk, joan, [prediction(1, Refund=1.0)])
    source = PredictionSource.objects.get()
    with pytest.raises(NotAllowed):
        external.forget(tickets.pk, ann, source.pk)
    assert external.forget(tickets.pk, joan, source.pk)
    assert not external.forget(tickets.pk, joan, source.pk)
    assert external.external_predictions(tickets.pk) == {}


def test_only_managers_send_and_only_about_whole_documents(
    tickets: Project, make_project: Callable[..., Project], joan: User, ann: User
) -> None:
    with pytest.raises(NotAllowed):
        external.record(tickets.pk, ann, [prediction(1, Refund=1.0)])
    with pytest.raises(InvalidInput):
        external.record(make_project(kind="spans").pk, joan, [prediction(1, Refund=1.0)])
    too_many = [prediction(1, f"source {n}", Refund=1.0) for n in range(external.MAX_SOURCES + 1)]
    with pytest.raises(InvalidInput):
        external.record(tickets.pk, joan, too_many)


@pytest.mark.slow
def test_ten_thousand_come_in_and_out_in_a_few_statements(tickets: Project, joan: User) -> None:
    fill(tickets, ["text"] * 10_000)
    rows = (prediction(n, Refund=0.6, Billing=0.4) for n in range(10_000))
    with CaptureQueriesContext(connection) as context:
        assert external.record(tickets.pk, joan, rows).stored == 10_000
        (positions, probabilities) = external.external_predictions(tickets.pk)["rules"]
    assert (len(positions), probabilities.shape) == (10_000, (10_000, 3))
    assert len(context) < 100
