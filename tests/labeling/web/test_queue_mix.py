"""How does a manager mix the queue, and give words for a rare class?"""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from labeling.exceptions import InvalidInput, NotAllowed
from labeling.guidelines import classes
from labeling.guidelines.models import LabelClass
from labeling.jobs.models import Job
from labeling.projects.models import Project
from labeling.queue.models import QueueEntry
from labeling.steering import actions
from labeling.steering.models import QueueMix
from tests.fixtures.trained_project import label_rightly, train

PARTS = {"random": 30, "weak_class": 40, "second_opinion": 0, "seed_words": 10}


@pytest.fixture(autouse=True)
def signed_in(client: Client, joan: User) -> None:
    client.force_login(joan)


def send(client: Client, name: str, *args: Any, data: Any = None) -> Any:
    return client.post(reverse(f"labeling:{name}", args=args), data or {}, follow=True)


def text(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def words_sent(project: Project, **words: str) -> dict[str, str]:
    return {c.pk.hex: words.get(c.name, "") for c in project.classes.filter(retired_at=None)}


def test_the_page_shows_what_is_wanted_and_what_the_order_holds(
    client: Client, trained: Project, ann: User
) -> None:
    page = text(client.get(reverse("labeling:mixing", args=[trained.pk])))
    assert "Default composition." in page
    assert re.search(r"Random for unbiased evaluation 10% \d+ \d+%", page)
    assert "Second opinions labels that may be wrong at most 10% 0 0%" in page
    assert "Reset to default" not in page


def test_a_mix_is_saved_followed_and_taken_back(client: Client, untrained: Project, ann: User) -> None:
    page = text(send(client, "change_mix", untrained.pk, data=PARTS))
    assert "Saved. The next ranking uses your composition." in page
    assert "Custom composition, set by joan." in page
    assert "Uncertainty sampling gets the rest: 20%." in page
    label_rightly(untrained, ann, 20)
    train(untrained)
    chosen = [e.reason["share"] for e in QueueEntry.objects.live(untrained)]
    ranked = [share for share in chosen if share in ("random", "weak_class", "margin")]
    assert ranked.count("random") / len(ranked) == pytest.approx(0.3, abs=0.03)
    assert "The next ranking uses the default composition" in text(send(client, "reset_mix", untrained.pk))
    assert not QueueMix.objects.exists()


def test_parts_beyond_the_whole_are_refused_where_they_stand(client: Client, tickets: Project) -> None:
    answer = send(client, "change_mix", tickets.pk, data=PARTS | {"random": 90})
    assert answer.status_code == 422
    assert "The shares add up to 140%" in text(answer)
    assert send(client, "change_mix", tickets.pk, data=PARTS | {"random": -1}).status_code == 422
    assert not QueueMix.objects.exists()


def test_only_managers_mix_and_only_with_all_parts(tickets: Project, joan: User, ann: User) -> None:
    with pytest.raises(NotAllowed):
        actions.change_mix(tickets.pk, ann, **PARTS)
    for wrong in ({"random": 50}, PARTS | {"margin": 10}, PARTS | {"random": 101}, PARTS | {"random": 60}):
        with pytest.raises(InvalidInput):
            actions.change_mix(tickets.pk, joan, **wrong)


def test_another_strategy_says_that_the_mix_does_not_apply(client: Client, tickets: Project) -> None:
    Project.objects.filter(pk=tickets.pk).update(strategy="random")
    page = text(client.get(reverse("labeling:mixing", args=[tickets.pk])))
    assert "another query strategy (Random), so these shares do not apply" in page


def test_seed_words_are_tidied_saved_and_rank_the_queue_again(client: Client, tickets: Project) -> None:
    data = words_sent(tickets, Refund=" money   back, refund,,Refund ")
    assert "Seed words saved" in text(send(client, "change_seed_words", tickets.pk, data=data))
    assert LabelClass.objects.get(project=tickets, name="Refund").seed_words == ["money back", "refund"]
    assert Job.objects.filter(project=tickets, kind=Job.Kind.RANK).exists()
    assert "Nothing changed" in text(send(client, "change_seed_words", tickets.pk, data=data))
    page = client.get(reverse("labeling:mixing", args=[tickets.pk])).content.decode()
    assert 'value="money back, refund"' in page


@pytest.mark.parametrize("words", ["x" * 51, ",".join(f"w{n}" for n in range(21))])
def test_too_long_and_too_many_words_are_refused_beside_their_class(
    client: Client, tickets: Project, words: str
) -> None:
    answer = send(client, "change_seed_words", tickets.pk, data=words_sent(tickets, Refund=words))
    assert answer.status_code == 422
    assert re.search("longer than 50 characters|at most 20 seed words", text(answer))


def test_seed_words_bring_their_documents_before_there_is_a_model_and_until_there_are_five(
    untrained: Project, joan: User, ann: User
) -> None:
    refund = untrained.classes.get(name="Refund")
    classes.change(untrained.pk, joan, refund.pk, seed_words=["refund", "charge twice"])
    train(untrained)
    rows = [e for e in QueueEntry.objects.live(untrained) if e.reason["share"] == "seed_words"]
    assert rows
    assert all("refund" in e.document.text or "charge twice" in e.document.text for e in rows)
    assert {e.reason["class"] for e in rows} == {str(refund.pk)}
    assert min(e.rank for e in rows) < 15
    label_rightly(untrained, ann, 40)
    train(untrained)
    assert not [e for e in QueueEntry.objects.live(untrained) if e.reason["share"] == "seed_words"]
    actions.focus_on(untrained.pk, joan, refund.pk, 30)
    train(untrained)
    assert [e for e in QueueEntry.objects.live(untrained) if e.reason["share"] == "seed_words"]
