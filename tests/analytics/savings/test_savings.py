"""Does the page say truly what the queue has saved, and plainly when nothing can be told?"""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from analytics.savings.report import savings_headline, savings_report
from labeling.jobs.models import Job
from labeling.projects import tokens
from labeling.projects.models import ApiToken, Project
from labeling.replay.models import Replay
from labeling.training.models import Tuning

LABELS = [10, 50, 100, 200]


def estimates(*values: float, reach: float = 0.02) -> list[dict[str, float]]:
    return [{"value": v, "low": v - reach, "high": v + reach} for v in values]


def result(saved: float, reach: float = 20) -> dict[str, Any]:
    """As a replay leaves it: the queue's mix saves so many labels to 95%."""
    (mix_saved,) = estimates(saved, reach=reach)
    (mix_needed,) = estimates(150 - saved, reach=reach)
    (at_random,) = estimates(150, reach=reach)
    (nothing,) = estimates(0, reach=reach)
    quality = {
        "random": estimates(0.5, 0.7, 0.8, 0.9),
        "margin": estimates(0.5, 0.72, 0.82, 0.9),
        "default": estimates(0.55, 0.8, 0.88, 0.9),
    }
    return {
        "runs": 3,
        "seconds": 61.0,
        "pool": 200,
        "test": 60,
        "labels": LABELS,
        "full": {"value": 0.9, "low": 0.86, "high": 0.93},
        "quality": quality,
        "reached": {
            "random": {"0.9": at_random, "0.95": at_random},
            "margin": {"0.9": at_random, "0.95": at_random},
            "default": {"0.9": mix_needed, "0.95": mix_needed},
        },
        "saved": {
            "margin": {"0.9": nothing, "0.95": nothing},
            "default": {"0.9": mix_saved, "0.95": mix_saved},
        },
    }


def told(project: Project, manager: User, result: dict[str, Any] | None, **facts: Any) -> Replay:
    """A replay, finished where something was found."""
    values = {"label_count": 200, "answers_per_document": 2, "seconds_per_answer": 18.0} | facts
    return Replay.objects.create(
        project=project,
        asked_by=manager,
        classes=[],
        pool_annotations=[],
        test_annotations=[],
        result=result,
        finished_at="2026-11-12T00:00Z" if result else None,
        **values,
    )


def text(client: Client, project: Project) -> str:
    response = client.get(reverse("analytics:savings", args=[project.pk]))
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


@pytest.fixture
def page(client: Client, joan: User) -> Callable[[Project], str]:
    client.force_login(joan)
    return lambda project: text(client, project)


def test_a_saving_beyond_noise_is_the_title_with_its_hours(
    tickets: Project, joan: User, page: Callable[[Project], str]
) -> None:
    told(tickets, joan, result(saved=100))
    shown = page(tickets)
    assert "needed 100 fewer labels than random sampling" in shown
    assert "saved 67% of the labels" in shown
    report = savings_report(tickets)
    assert report.headline
    assert report.headline.hours
    assert report.headline.hours.value == pytest.approx(100 * 2 * 18 / 3600)
    assert report.headline.hours.interval.low == pytest.approx(80 * 2 * 18 / 3600)


def test_an_interval_that_holds_nothing_is_called_noise(
    tickets: Project, joan: User, page: Callable[[Project], str]
) -> None:
    told(tickets, joan, result(saved=10, reach=20))
    assert "No statistically significant savings on these labels" in page(tickets)


def test_a_queue_that_took_longer_says_so(
    tickets: Project, joan: User, page: Callable[[Project], str]
) -> None:
    told(tickets, joan, result(saved=-40))
    assert "No savings: random sampling needed 40 fewer labels" in page(tickets)


def test_without_measured_time_there_are_no_hours(
    tickets: Project, joan: User, page: Callable[[Project], str]
) -> None:
    told(tickets, joan, result(saved=100), seconds_per_answer=None)
    assert "hours cannot be estimated" in page(tickets)


def test_the_bias_of_labels_that_were_asked_for_is_named(
    tickets: Project, joan: User, page: Callable[[Project], str]
) -> None:
    told(tickets, joan, result(saved=100))
    shown = page(tickets)
    assert "Labels requested by the queue are not a random sample" in shown
    assert "Unlabeled documents cannot be replayed" in shown


def test_the_drawing_can_be_read_without_seeing_it(
    tickets: Project, joan: User, page: Callable[[Project], str]
) -> None:
    told(tickets, joan, result(saved=100))
    shown = page(tickets)
    assert '<title id="curves-title">' in shown
    assert '<desc id="curves-text">' in shown
    assert "Show as table" in shown
    assert [row.labels for row in savings_report(tickets).curve] == LABELS


def test_too_few_labels_say_what_is_needed(tickets: Project, page: Callable[[Project], str]) -> None:
    shown = page(tickets)
    assert "Too few labels to estimate savings" in shown
    assert "100 labeled pool documents and 30 labeled test documents. The project has 0 and 0" in shown
    assert "Replay labels" not in shown


def test_spans_are_told_that_there_are_no_replays(
    make_project: Callable[..., Project], page: Callable[[Project], str]
) -> None:
    assert "Replays are not available for span labeling yet." in page(make_project(kind="spans"))


def test_a_replay_under_way_shows_how_far_it_is_beside_the_last_one(
    tickets: Project, joan: User, page: Callable[[Project], str]
) -> None:
    told(tickets, joan, result(saved=100))
    running = told(tickets, joan, None)
    running.curves.create(strategy="random", seed=0, labels=[10], decided=b"", seconds=1)
    shown = page(tickets)
    assert "1 of 6 to 15 learning curves is ready" in shown
    assert "needed 100 fewer labels" in shown


def test_a_replay_that_fails_says_why_and_can_be_tried_again_at_once(
    tickets: Project, joan: User, client: Client, page: Callable[[Project], str]
) -> None:
    told(tickets, joan, None)
    Job.objects.create(project=tickets, kind="replay", attempts=1, failure="The disk is full.")
    assert "The disk is full." in page(tickets)
    client.post(reverse("analytics:replay", args=[tickets.pk]))
    assert [job.state for job in Job.objects.filter(kind="replay")] == ["queued"]
    assert savings_headline(savings_report(tickets)) == "Replay in progress"


def test_asking_too_early_says_why(tickets: Project, joan: User, client: Client) -> None:
    client.force_login(joan)
    answer = client.post(reverse("analytics:replay", args=[tickets.pk]), follow=True)
    assert "A replay needs 100 labeled pool documents" in answer.content.decode()
    assert not Replay.objects.exists()


@pytest.mark.parametrize("who", ["ann", "carla", "eve"])
def test_it_is_a_page_for_managers(
    who: str, tickets: Project, client: Client, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(who))
    status = 404 if who == "eve" else 403
    assert client.get(reverse("analytics:savings", args=[tickets.pk])).status_code == status
    assert client.post(reverse("analytics:replay", args=[tickets.pk])).status_code == status


def test_the_page_takes_few_statements_however_much_is_labeled(
    tickets: Project, joan: User, client: Client, page: Callable[[Project], str]
) -> None:
    told(tickets, joan, result(saved=100))
    page(tickets)
    with CaptureQueriesContext(connection) as queries:
        page(tickets)
    assert len(queries) <= 9


def test_the_api_tells_the_same(tickets: Project, joan: User, client: Client) -> None:
    told(tickets, joan, result(saved=100))
    _, token = tokens.create(tickets.pk, joan, "reports", ApiToken.Scope.READ)
    answered = client.get(
        f"/api/v1/projects/{tickets.pk}/reports/savings/", headers={"Authorization": f"Bearer {token}"}
    ).json()
    assert answered["headline"] == savings_headline(savings_report(tickets))
    mix = next(row for row in answered["strategies"] if row["strategy"] == "default")
    assert mix["targets"][1] | {"labels": None, "hours_saved": None} == {
        "share": 0.95,
        "labels": None,
        "hours_saved": None,
        "verdict": "saved",
        "labels_saved": {"value": 100, "low": 80, "high": 120, "reason": ""},
    }


def tried(project: Project, strength: float, *, is_better: bool) -> None:
    """A finished trial of more weight on the labels."""
    verdict = {
        "candidate": {"strength": 60.0, "augmentation": "none"},
        "against": {"strength": 20.0, "augmentation": "none"},
        "macro_f1": {"mean": 0.0021, "reach": 0.011, "p": 0.3},
        "log_loss": {"mean": -0.001, "reach": 0.02, "p": 0.6},
        "is_better": is_better,
    }
    Tuning.objects.create(
        project=project,
        classes=[],
        annotations=[],
        label_count=240,
        verdicts=[verdict],
        strength=strength,
        augmentation="none",
        finished_at="2026-11-12T00:00Z",
    )


def test_recipes_that_were_not_better_are_told_too(tickets: Project, page: Callable[[Project], str]) -> None:
    tried(tickets, 20, is_better=False)
    shown = page(tickets)
    assert "Nov 12, 2026, at 240 labels" in shown
    assert "weaker regularization (C = 60): no statistically significant gain" in shown
    assert "macro F1 +0.002 ± 0.011" in shown
    assert "Not used" in shown
    assert "Restore defaults" not in shown


def test_a_manager_goes_back_to_the_defaults_on_the_page(
    tickets: Project, client: Client, page: Callable[[Project], str]
) -> None:
    tried(tickets, 60, is_better=True)
    assert "In use since then: weaker regularization (C = 60)." in page(tickets)
    answer = client.post(reverse("analytics:use_defaults", args=[tickets.pk]), follow=True)
    assert "Used until a manager restored the defaults" in answer.content.decode()
    assert [job.kind for job in Job.objects.all()] == ["train"]
