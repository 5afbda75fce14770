"""Documents: what there is to label, and how far it is."""

from __future__ import annotations

from django.conf.locale import LANG_INFO
from django.db import connection, models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from labeling.db.clock import Now
from labeling.documents.imports import ImportJob
from labeling.exceptions import WrongState
from labeling.projects.models import Project

REMOVED = """
    SELECT place FROM generate_series(0, %(behind)s::bigint - 1) AS place
    WHERE NOT EXISTS (SELECT 1 FROM labeling_document d
                      WHERE d.project_id = %(project)s AND d.position = place)
    ORDER BY place
"""


class DocumentQuerySet(models.QuerySet["Document"]):
    def pool(self) -> DocumentQuerySet:
        """Documents that do not measure the model."""
        return self.filter(split=Document.Split.POOL)

    def trainable(self) -> DocumentQuerySet:
        """Documents that may train the model: of the pool, no exact copies of test documents."""
        measured = Document.objects.test_set().filter(
            project=OuterRef("project"), content_hash=OuterRef("content_hash")
        )
        return self.pool().exclude(Exists(measured))

    def copies_of_test_set(self, project_id: int) -> DocumentQuerySet:
        """Documents of the pool that are exact copies of test documents, as far as they were compared.

        Equal texts share a group of near-duplicates: few test documents have to be looked at.
        """
        measured = Document.objects.test_set().filter(
            project=project_id,
            near_duplicate_group__isnull=False,
            near_duplicate_group=OuterRef("near_duplicate_group"),
            content_hash=OuterRef("content_hash"),
        )
        grouped = self.pool().filter(project=project_id, near_duplicate_group__isnull=False)
        return grouped.filter(Exists(measured))

    def test_set(self) -> DocumentQuerySet:
        """Documents drawn at random that never train the model."""
        return self.filter(split=Document.Split.TEST)

    def disputed(self) -> DocumentQuerySet:
        """Documents that wait for an adjudicator, oldest first."""
        return self.filter(state=Document.State.DISPUTED).order_by("id")

    def texts_from(self, project_id: int, first: int, behind: int) -> list[str]:
        """Texts at the positions from `first` to below `behind`; each becomes the row of its place.

        Empty where a document was removed. Raises LookupError where others are missing, because those after
        it would become rows of others.
        """
        documents = self.filter(project=project_id, position__gte=first, position__lt=behind)
        texts = dict(documents.values_list("position", "text"))
        missing = behind - first - len(texts)
        if missing and not Project.objects.filter(pk=project_id, removed_count__gte=missing).exists():
            raise LookupError(f"{len(texts)} documents lie at positions {first} to {behind - 1}")
        return [texts.get(position, "") for position in range(first, behind)]

    def removed_positions(self, project: Project, behind: int) -> list[int]:
        """Places below `behind` whose documents were removed, rising."""
        if not project.removed_count:
            return []
        with connection.cursor() as cursor:
            cursor.execute(REMOVED, {"project": project.pk, "behind": behind})
            return [position for (position,) in cursor.fetchall()]


class Document(models.Model):
    """The unit to be labeled. Its content never changes, and no score is ever written on it."""

    class Split(models.TextChoices):
        POOL = "pool", _("Pool")  # trains the model, but for exact copies of test documents
        TEST = "test", _("Test set")  # drawn at random, never trains

    class State(models.TextChoices):
        OPEN = "open", _("Unlabeled")  # at least one slot is unfilled
        DISPUTED = "disputed", _("Disputed")  # annotators disagree or gave up; an adjudicator decides
        RESOLVED = "resolved", _("Labeled")  # the label is settled
        EXCLUDED = "excluded", _("Excluded")  # taken out by a manager; nobody labels it

    MOVES = {
        State.OPEN: {State.DISPUTED, State.RESOLVED, State.EXCLUDED},
        State.DISPUTED: {State.OPEN, State.RESOLVED, State.EXCLUDED},
        State.RESOLVED: {State.OPEN, State.DISPUTED, State.EXCLUDED},
        State.EXCLUDED: {State.OPEN},
    }

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="documents", db_index=False)
    external_id = models.CharField(max_length=200, null=True, blank=True)
    text = models.TextField()
    metadata = models.JSONField(default=dict, blank=True)
    source = models.CharField(max_length=200, blank=True, db_default="")  # the file it came in; "" unknown
    import_job = models.ForeignKey(
        ImportJob, on_delete=models.PROTECT, null=True, related_name="documents", db_index=False
    )
    content_hash = models.BinaryField(max_length=16)  # BLAKE2b-128 of the text
    near_duplicate_group = models.BigIntegerField(null=True, blank=True)  # lowest position of the group
    split = models.CharField(max_length=4, choices=Split)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    position = models.BigIntegerField()  # place in the feature store: 0, 1, 2 … within the project
    random_key = models.FloatField()  # uniform in [0, 1), fixed by project and content
    round = models.PositiveSmallIntegerField(default=0)  # 0 is the first labeling
    # Answers asked for beyond the overlap; below 0 where fewer had settled it before the overlap was raised.
    extra_slots = models.SmallIntegerField(default=0)
    is_gold = models.BooleanField(default=False, db_default=False)  # settled for good: measures annotators
    created_at = models.DateTimeField(db_default=Now())

    objects = DocumentQuerySet.as_manager()

    class Meta:
        ordering = ["project", "position"]
        constraints = [
            models.UniqueConstraint(fields=["project", "position"], name="one_document_per_position"),
            models.UniqueConstraint(
                fields=["project", "external_id"],
                condition=Q(external_id__isnull=False),
                name="one_document_per_external_id",
            ),
            models.UniqueConstraint(
                fields=["project", "content_hash"],
                condition=Q(external_id=None),
                name="one_document_per_content_without_id",
            ),
            models.CheckConstraint(
                condition=Q(random_key__gte=0, random_key__lt=1), name="random_key_in_unit_interval"
            ),
            models.CheckConstraint(condition=Q(extra_slots__lte=16), name="at_most_16_second_opinions"),
            models.CheckConstraint(condition=Q(extra_slots__gte=-31), name="an_answer_is_always_wanted"),
            models.CheckConstraint(
                condition=Q(is_gold=False) | Q(state="resolved"), name="a_gold_document_is_settled"
            ),
        ]
        indexes = [
            models.Index(
                fields=["project", "content_hash"],
                condition=Q(split="test"),
                name="test_documents_by_content",
            ),
            models.Index(
                fields=["import_job"], condition=Q(import_job__isnull=False), name="documents_by_import"
            ),
            models.Index(
                fields=["project", "position"],
                condition=~Q(state="open") | Q(split="test"),
                name="documents_not_to_be_ranked",
            ),
            models.Index(
                fields=["project", "split", "random_key"],
                condition=Q(state="open"),
                name="open_documents_at_random",
            ),
            models.Index(fields=["project", "id"], condition=Q(state="disputed"), name="disputed_documents"),
            models.Index(fields=["project", "state", "position"], name="documents_by_state"),
            models.Index(
                fields=["project", "position"], condition=Q(split="test"), name="test_documents_in_order"
            ),
            models.Index(
                fields=["project", "id"],
                include=["position", "state", "round"],
                condition=Q(split="test") & (~Q(state="open") | Q(extra_slots__gt=0)),
                name="test_documents_that_speak",
            ),
            models.Index(
                fields=["project", "id"], condition=Q(extra_slots__gt=0), name="documents_asked_again"
            ),
            models.Index(fields=["project", "id"], condition=Q(is_gold=True), name="gold_documents"),
            models.Index(
                fields=["project", "near_duplicate_group"],
                condition=Q(near_duplicate_group__isnull=False),
                name="near_duplicates",
            ),
            models.Index(
                fields=["project", "near_duplicate_group"],
                condition=Q(split="test", near_duplicate_group__isnull=False),
                name="near_duplicates_of_test",
            ),
        ]

    def __str__(self) -> str:
        return self.external_id or f"#{self.position}"

    @property
    def is_for_people(self) -> bool:
        """Whether it measures the model or annotators, so that no machine may label it."""
        return self.is_gold or self.split == self.Split.TEST

    def check_move(self, state: str) -> None:
        """Raise WrongState unless the document may go to this state from where it is."""
        if state != self.state and state not in self.MOVES[self.State(self.state)]:
            raise WrongState(f"({self.state} to {state})")


class DocumentLanguage(models.Model):
    """What was told of one document; a document never changes, so it is told once."""

    document = models.OneToOneField(
        Document, on_delete=models.CASCADE, primary_key=True, related_name="told_language"
    )
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    language = models.CharField(max_length=3, blank=True)  # ISO 639; "" where nothing is sure enough

    class Meta:
        ordering = ["document"]
        indexes = [models.Index(fields=["project", "language"], name="documents_by_language")]

    def __str__(self) -> str:
        return f"{self.document_id}: {self.language or '?'}"

    @property
    def name(self) -> str:
        return language_name(self.language)


def language_name(code: str) -> str:
    """The language in the reader's own, or its code; empty where it was not told.

    >>> language_name("de"), language_name("xx"), language_name("")
    ('German', 'xx', '')
    """
    return str(get_language_info(code)["name_translated"]) if code in LANG_INFO else code
