"""Does the page say truly what active learning has saved so far, and when the queue became more random?"""

from collections.abc import Callable
from math import inf

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from analytics.savings.live import live_report
from labeling.jobs.models import Job
from labeling.learning.evaluation.control_arm import CurvePoint, LiveSavings
from labeling.learning.evaluation.label_savings import Estimate
from labeling.projects import tokens
from labeling.projects.models import ApiToken, Project
from labeling.steering.models import ControlComparison

CURVE = [CurvePoint(10, Estimate(0.4, 0.3, 0.5)), CurvePoint(60, Estimate(0.6, 0.5, 0.7))]
AHEAD = [CurvePoint(60, Estimate(0.6, 0.5, 0.7)), CurvePoint(900, Estimate(0.75, 0.6, 0.9))]


def compared(
    project: Project, low: float, high: float, gain: tuple[float, float] = (-0.01, 0.1), level: int = 0
) -> ControlComparison:
    """A comparison that found this interval of the labels saved, at 400 labels."""
    savings = LiveSavings(400, 60, 90, Estimate(0, low, high), Estimate(gain[1], *gain), CURVE, CURVE, AHEAD)
    return ControlComparison.objects.create(
        project=project,
        label_count=400,
        pool_size=5_000,
        classes=[],
        annotations=[],
        random_annotations=[],
        test_annotations=[],
        result=savings.to_json(),
        finished_at="2026-12-01T08:00Z",
        level=level,
        fallen_since="2026-11-30T08:00Z" if level else None,
    )


@pytest.fixture
def page(client: Client, joan: User) -> Callable[[Project], str]:
    client.force_login(joan)

    def text(project: Project) -> str:
        response = client.get(reverse("analytics:savings", args=[project.pk]))
        assert response.status_code == 200
        return " ".join(response.content.decode().split())

    return text


@pytest.mark.parametrize(
    ("low", "high", "gain", "sentence"),
    [
        (140.7, 260.2, (0.01, 0.1), "Active learning saved 140 to 260 labels so far (95%)"),
        (140, inf, (0.01, 0.1), "Active learning saved at least 140 labels so far (95%)"),
        (-90, -20, (-0.1, -0.01), "random sampling needed 20 to 90 fewer labels (95%)"),
        (-90, 300, (-0.1, 0.1), "Too early to say whether active learning saves labels"),
    ],
)
def test_the_title_says_what_the_whole_interval_says(
    low: float,
    high: float,
    gain: tuple[float, float],
    sentence: str,
    tickets: Project,
    page: Callable[[Project], str],
) -> None:
    compared(tickets, low, high, gain)
    assert f"{sentence}</h1>" in page(tickets)
    assert live_report(tickets).headline.endswith(sentence)


def test_what_random_sampling_would_have_needed_is_told_on_either_side(
    tickets: Project, page: Callable[[Project], str]
) -> None:
    compared(tickets, -90, 300)
    assert "would have needed 310 to 700 (95%)" in page(tickets)
    compared(tickets, -90, inf)
    assert "would have needed 310 or more, with no upper limit (95%)" in page(tickets)


def test_the_extrapolated_part_is_a_line_of_its_own(tickets: Project, page: Callable[[Project], str]) -> None:
    compared(tickets, 140, 260)
    shown = page(tickets)
    assert '<polyline class="line extrapolated" points="' in shown
    assert "Random sampling, extrapolated" in shown
    assert "Beyond 60 labels, the random curve is extrapolated" in shown


def test_too_early_says_what_is_missing(tickets: Project, page: Callable[[Project], str]) -> None:
    assert "50 labels of random documents of the queue and 30 labeled test documents" in page(tickets)
    assert "The project has 0 and 0." in page(tickets)


def test_strategies_without_a_random_share_say_so(
    make_project: Callable[..., Project], page: Callable[[Project], str]
) -> None:
    project = make_project()
    Project.objects.filter(pk=project.pk).update(strategy="margin")
    shown = page(project)
    assert "Only the balanced strategy has a random share" in shown
    assert "Turn off" not in shown


def test_a_queue_that_fell_back_says_since_when_and_a_manager_turns_it_off(
    tickets: Project, client: Client, page: Callable[[Project], str]
) -> None:
    compared(tickets, -90, -20, (-0.1, -0.01), level=1)
    shown = page(tickets)
    assert "Since Nov 30, 2026" in shown
    assert "half of the queue is random" in shown
    answer = client.post(reverse("analytics:fallback", args=[tickets.pk]), {"falls_back": "off"}, follow=True)
    assert "more of the queue is random" not in answer.content.decode()
    assert not Project.objects.get(pk=tickets.pk).falls_back
    assert [job.kind for job in Job.objects.all()] == ["rank"]
    client.post(reverse("analytics:fallback", args=[tickets.pk]), {"falls_back": "on"})
    assert Project.objects.get(pk=tickets.pk).falls_back


def test_the_overview_says_it_too_to_managers(
    tickets: Project, client: Client, joan: User, ann: User
) -> None:
    compared(tickets, 140, 260, level=1)
    home = reverse("labeling:project", args=[tickets.pk])
    client.force_login(joan)
    shown = client.get(home).content.decode()
    assert "Active learning saved 140 to 260 labels so far (95%)." in shown
    assert "More of the queue than usual is random." in shown
    client.force_login(ann)
    assert "Active learning" not in client.get(home).content.decode()


def test_the_api_and_the_file_tell_the_same(tickets: Project, joan: User, client: Client) -> None:
    compared(tickets, 140, inf, level=2)
    _, token = tokens.create(tickets.pk, joan, "reports", ApiToken.Scope.MANAGE)
    headers = {"Authorization": f"Bearer {token}"}
    address = f"/api/v1/projects/{tickets.pk}/reports/savings/"
    live = client.get(address, headers=headers).json()["so_far"]
    assert live["headline"] == live_report(tickets).headline
    assert live["verdict"] == "saved"
    assert (live["labels_saved"]["low"], live["labels_saved"]["high"]) == (140, None)
    assert live["extrapolated"][-1]["labels"] == 900
    assert live["fallback"] == {"is_allowed": True, "level": "most", "since": "2026-11-30T08:00:00Z"}
    changed = client.patch(address, {"falls_back": False}, "application/json", headers=headers).json()
    assert changed["so_far"]["fallback"] == {"is_allowed": False, "level": "none", "since": None}

    client.force_login(joan)
    lines = client.get(reverse("analytics:savings_csv", args=[tickets.pk])).content.decode().splitlines()
    assert lines[0].endswith("arm,labels,macro_f1,low,high")
    assert lines[-1] == "extrapolated,900,0.75,0.6,0.9"
