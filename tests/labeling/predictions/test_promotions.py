"""Does the model that a manager chose rank and suggest, whatever is trained meanwhile?"""

import shutil
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from labeling import worker
from labeling.exceptions import InvalidInput, ModelUnusable, NotAllowed, NotFound
from labeling.jobs.models import Job
from labeling.predictions import promotions
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from labeling.queue.models import QueueEntry
from labeling.training.model_files import model_folder
from labeling.training.registry import MAX_SAVED_VERSIONS
from tests.fixtures.saved_projects import Restore
from tests.fixtures.trained_project import build_untrained, label_rightly, train


@pytest.fixture
def trained(restore: Restore, make_project: Callable[..., Project], ann: User) -> Project:
    """The project of tickets with two models."""

    def build() -> Project:
        untrained = build_untrained(make_project)
        for count in (30, 10):
            label_rightly(untrained, ann, count)
            train(untrained)
        return untrained

    return restore("two models", build)


def ranked_by(project: Project) -> set[int | None]:
    """Numbers of the models behind the order of now."""
    project.refresh_from_db()
    return {
        entry.reason.get("model")
        for entry in QueueEntry.objects.live(project)
        if entry.reason["share"] != "random"
    }


def rank(project: Project) -> None:
    """What is owed after a promotion."""
    assert worker.run_job(project.pk, Job.Kind.RANK)


def in_use(project: Project) -> int | None:
    version = ModelVersion.objects.in_use(project)
    return None if version is None else version.number


def test_the_promoted_model_ranks_until_the_newest_is_followed_again(
    trained: Project, joan: User, ann: User
) -> None:
    assert ranked_by(trained) == {2}
    promotions.promote(trained.pk, joan, 1)
    rank(trained)
    assert ranked_by(trained) == {1}
    label_rightly(trained, ann, 10)
    train(trained)
    assert ranked_by(trained) == {1}
    assert in_use(trained) == 1
    assert ModelVersion.objects.ready().latest("number").number == 3
    assert promotions.follow_newest(trained.pk, joan)
    assert not promotions.follow_newest(trained.pk, joan)
    rank(trained)
    assert ranked_by(trained) == {3}


def test_a_promoted_model_whose_files_are_gone_gives_way_to_the_newest(trained: Project, joan: User) -> None:
    promoted = promotions.promote(trained.pk, joan, 1)
    shutil.rmtree(model_folder(promoted))
    rank(trained)
    assert ranked_by(trained) == {2}
    promoted.refresh_from_db()
    assert promoted.is_lost
    assert in_use(trained) == 2
    with pytest.raises(ModelUnusable):
        promotions.promote(trained.pk, joan, 1)


def test_a_model_of_other_features_is_not_used(trained: Project, joan: User) -> None:
    promotions.promote(trained.pk, joan, 1)
    ModelVersion.objects.filter(number=1).update(facts={"edition": 99})
    trained.refresh_from_db()
    assert in_use(trained) == 2


def test_the_promoted_model_is_kept_and_others_of_long_ago_are_forgotten(
    trained: Project, joan: User, ann: User
) -> None:
    promotions.promote(trained.pk, joan, 1)
    ModelVersion.objects.bulk_create(
        ModelVersion(project=trained, number=n, state="ready", classes=[])
        for n in range(3, 3 + MAX_SAVED_VERSIONS)
    )
    label_rightly(trained, ann, 10)
    train(trained)
    first, second, *others = ModelVersion.objects.order_by("number")
    assert model_folder(first).exists()
    assert not model_folder(second).exists()
    assert [version.is_lost for version in (first, second, others[-1])] == [False, True, False]
    assert ranked_by(trained) == {1}


def test_only_managers_choose_and_only_among_models_that_are_ready(
    trained: Project, joan: User, ann: User
) -> None:
    ModelVersion.objects.create(project=trained, number=9, state="failed")
    for number in (9, 77):
        with pytest.raises(NotFound):
            promotions.promote(trained.pk, joan, number)
    for deed in (promotions.promote, promotions.follow_newest, promotions.write_note):
        rest = {promotions.promote: (1,), promotions.write_note: (1, "Good.")}.get(deed, ())
        with pytest.raises(NotAllowed):
            deed(trained.pk, ann, *rest)
    assert not Job.objects.filter(kind=Job.Kind.RANK).exists()


def test_a_note_is_kept_with_the_model(trained: Project, joan: User) -> None:
    assert promotions.write_note(trained.pk, joan, 2, " After the new rule. ").note == "After the new rule."
    with pytest.raises(InvalidInput):
        promotions.write_note(trained.pk, joan, 2, "x" * 1001)
    with pytest.raises(NotFound):
        promotions.write_note(trained.pk, joan, 77, "x")
