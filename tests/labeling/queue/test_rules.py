"""Which rules of the queue take the state machine long to come upon? Each is shown here on its own."""

import pytest

from labeling.annotations import corrections, exclusion, skipping
from labeling.annotations import submit as annotations
from labeling.annotations.models import Annotation, Resolution
from labeling.annotations.submit import Submission
from labeling.annotations.validation import LabelValue
from labeling.documents.models import Document
from labeling.exceptions import KeyReused, NotAMember
from labeling.projects import members
from labeling.queue import claims
from tests.fixtures.people import Clock
from tests.labeling.queue.world import World


def claim(world: World, who: str, count: int = 1, key: str | None = None) -> list[claims.HeldDocument]:
    return claims.claim(world.sides[0].project.pk, world.users[who], count, key).documents


def submit(world: World, who: str, token: str, key: str | None = None) -> annotations.Submitted:
    labels = [LabelValue(world.classes[0]["Refund"])]
    return annotations.submit(world.users[who], Submission(token, labels, key))


def change_overlap(world: World, overlap: int, **choice: bool) -> None:
    exclusion.change(world.sides[0].project.pk, world.users["joan"], overlap=overlap, **choice)


def state_of(document_id: int) -> str:
    return Document.objects.get(pk=document_id).state


def test_a_slot_is_free_again_when_its_lease_ran_out(world: World, clock: Clock) -> None:
    (ann,) = claim(world, "ann")
    (bob,) = claim(world, "bob")
    assert ann.document_id == bob.document_id  # overlap 2: it is full now
    clock.advance(minutes=16)
    (carla,) = claim(world, "carla")
    assert carla.document_id == ann.document_id


def test_a_person_gets_a_document_again_after_its_lease_ran_out(world: World, clock: Clock) -> None:
    (first,) = claim(world, "ann")
    clock.advance(minutes=16)
    (again,) = claim(world, "ann")
    assert (again.document_id, again.epoch) == (first.document_id, first.epoch + 1)


def test_a_skip_is_final(world: World) -> None:
    (held,) = claim(world, "ann")
    skipping.skip(held.token, world.users["ann"])
    assert held.document_id not in [again.document_id for again in claim(world, "ann", 3)]


def test_a_key_brings_the_same_leases_and_no_more(world: World) -> None:
    first = claim(world, "ann", 1, "key")
    assert [held.token for held in claim(world, "ann", 1, "key")] == [held.token for held in first]


def test_a_key_serves_one_answer(world: World) -> None:
    first, second = claim(world, "ann", 2)
    submit(world, "ann", first.token, key="key")
    with pytest.raises(KeyReused):
        submit(world, "ann", second.token, key="key")
    assert Annotation.objects.count() == 1


def test_nobody_gets_an_excluded_document(world: World) -> None:
    best = world.sides[0].ids["t2"]  # the first order turns the texts round
    exclusion.exclude(world.sides[0].project.pk, world.users["joan"], best)
    assert best not in [held.document_id for held in claim(world, "ann", 3)]


# reliability F5
def test_a_replaced_token_fills_no_slot(world: World, clock: Clock) -> None:
    (old,) = claim(world, "ann")
    clock.advance(minutes=16)
    (new,) = claim(world, "ann")
    assert submit(world, "ann", old.token).outcome == "surplus"
    assert submit(world, "ann", new.token).outcome == "counted"


def test_a_deferred_document_waits(world: World, clock: Clock) -> None:
    (held,) = claim(world, "ann")
    claims.defer(held.token, world.users["ann"], minutes=30)
    assert held.document_id not in [other.document_id for other in claim(world, "ann", 2)]
    clock.advance(minutes=31)
    assert held.document_id in [again.document_id for again in claim(world, "ann", 3)]


def test_a_late_answer_counts_while_its_slot_is_free(world: World, clock: Clock) -> None:
    (held,) = claim(world, "ann")
    clock.advance(minutes=16)
    assert submit(world, "ann", held.token).outcome == "counted"


def test_a_late_answer_is_surplus_where_its_slot_has_gone(world: World, clock: Clock) -> None:
    (held,) = claim(world, "ann")
    clock.advance(minutes=16)
    for who in ("bob", "carla"):
        claim(world, who)
    assert submit(world, "ann", held.token).outcome == "surplus"


def test_undo_opens_the_document_and_ends_the_old_token(world: World) -> None:
    change_overlap(world, 1)
    (held,) = claim(world, "ann")
    submit(world, "ann", held.token)
    lease = corrections.undo(world.sides[0].project.pk, world.users["ann"])
    assert state_of(held.document_id) == "open"
    assert not Resolution.objects.exists()
    assert submit(world, "ann", held.token).outcome == "replay"
    assert submit(world, "ann", claims.lease_token(lease.pk, lease.epoch)).outcome == "counted"


def test_who_was_removed_submits_nothing(world: World) -> None:
    (held,) = claim(world, "ann")
    members.remove_member(world.sides[0].project.pk, world.users["joan"], world.users["ann"])
    with pytest.raises(NotAMember):
        submit(world, "ann", held.token)
    assert not Annotation.objects.exists()


def test_more_overlap_leaves_what_is_settled(world: World) -> None:
    change_overlap(world, 1)
    (held,) = claim(world, "ann")
    assert submit(world, "ann", held.token).document_state == "resolved"
    change_overlap(world, 2)
    assert state_of(held.document_id) == "resolved"


def test_more_overlap_reopens_on_request_and_less_settles(world: World) -> None:
    change_overlap(world, 1)
    (held,) = claim(world, "ann")
    assert submit(world, "ann", held.token).document_state == "resolved"
    change_overlap(world, 2, reopens_settled=True)
    assert state_of(held.document_id) == "open"
    change_overlap(world, 1)
    assert state_of(held.document_id) == "resolved"


def test_what_three_skipped_is_disputed_also_when_it_comes_back(world: World) -> None:
    for who in ("ann", "bob", "carla"):
        (held,) = claim(world, who)
        skipping.skip(held.token, world.users[who])
    assert state_of(held.document_id) == "disputed"
    project, joan = world.sides[0].project.pk, world.users["joan"]
    exclusion.exclude(project, joan, held.document_id)
    exclusion.include(project, joan, held.document_id)
    assert state_of(held.document_id) == "disputed"


def test_undo_of_an_answer_that_is_not_wanted_any_more_leaves_the_others(world: World) -> None:
    """With its overlap lowered meanwhile, the document stays settled by the other answer."""
    from_ann, from_bob = claim(world, "ann")[0], claim(world, "bob")[0]
    submit(world, "ann", from_ann.token)
    assert submit(world, "bob", from_bob.token).document_state == "resolved"
    change_overlap(world, 1)
    lease = corrections.undo(world.sides[0].project.pk, world.users["bob"])
    assert lease.state == "released"
    assert state_of(from_ann.document_id) == "resolved"
