"""Domain errors: what can go wrong. One root; each has one message, which its docstring repeats."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django.utils.translation import gettext, gettext_noop


class LabelingError(Exception):
    """The request failed."""

    summary = gettext_noop("The request failed.")
    status: ClassVar[int] = 409  # the HTTP status the two edges answer with

    def __init__(self, detail: str = "", **facts: Any) -> None:
        self.detail = detail
        self.facts = facts
        super().__init__(f"{self.summary} {detail}".strip())

    @property
    def message(self) -> str:
        """In the language of whoever reads it now; an error itself is in none."""
        return f"{gettext(self.summary)} {self.detail}".strip()

    @classmethod
    def code(cls) -> str:
        """A stable name for machines: `LeaseExpired` is `lease_expired`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


class NotFound(LabelingError):
    """Not found, or you do not have access."""

    summary = gettext_noop("Not found, or you do not have access.")
    status = 404


class NotAMember(NotFound):
    """This project does not exist, or you are not a member of it."""

    summary = gettext_noop("This project does not exist, or you are not a member of it.")


class ImportIsInUse(LabelingError):
    """This import cannot be undone."""

    summary = gettext_noop("This import cannot be undone.")


class NoSuchModel(LabelingError):
    """No model with this number has predictions for the test set. Leave the number out to use the current
    model.
    """

    summary = gettext_noop(
        "No model with this number has predictions for the test set. Leave the number out to use the "
        "current model."
    )
    status = 404


class NotAllowed(LabelingError):
    """Your role in this project does not allow this. Ask a manager."""

    summary = gettext_noop("Your role in this project does not allow this. Ask a manager.")
    status = 403


class LastManager(LabelingError):
    """A project needs at least one manager. Make another member a manager first."""

    summary = gettext_noop("A project needs at least one manager. Make another member a manager first.")


class BudgetSpent(LabelingError):
    """Too many requests. Wait a minute, then try again."""

    summary = gettext_noop("Too many requests. Wait a minute, then try again.")
    status = 429


class TooManySkips(LabelingError):
    """You skipped more documents than you labeled in the last hour, so you cannot skip this one. Label it,
    choose Later, or ask a question. You can skip again in an hour.
    """

    summary = gettext_noop(
        "You skipped more documents than you labeled in the last hour, so you cannot skip this one. Label "
        "it, choose Later, or ask a question. You can skip again in an hour."
    )
    status = 429


class InvalidAnswer(LabelingError):
    """The annotation is not valid for this project and was not saved. Correct it and send it again."""

    summary = gettext_noop(
        "The annotation is not valid for this project and was not saved. Correct it and send it again."
    )
    status = 422


class InvalidInput(LabelingError):
    """The input is not valid."""

    summary = gettext_noop("The input is not valid.")
    status = 422


class LeaseNotFound(NotFound):
    """This lease does not exist or belongs to another member. Claim a document first."""

    summary = gettext_noop("This lease does not exist or belongs to another member. Claim a document first.")


class LeaseStale(LabelingError):
    """The lease has expired, and the document may be assigned to another annotator. Claim the next one."""

    summary = gettext_noop(
        "The lease has expired, and the document may be assigned to another annotator. Claim the next one."
    )


class LeaseAtLimit(LabelingError):
    """The lease cannot be extended any further. Submit an annotation or release the document."""

    summary = gettext_noop(
        "The lease cannot be extended any further. Submit an annotation or release the document."
    )


class AnswerConflict(LabelingError):
    """A different annotation is already saved for this lease. Send a correction instead."""

    summary = gettext_noop(
        "A different annotation is already saved for this lease. Send a correction instead."
    )


class KeyReused(LabelingError):
    """This idempotency key was used for a different request. Use a new key for each request."""

    summary = gettext_noop(
        "This idempotency key was used for a different request. Use a new key for each request."
    )
    status = 422


class NothingToUndo(LabelingError):
    """You have no annotation here to undo."""

    summary = gettext_noop("You have no annotation here to undo.")


class AlreadySettled(LabelingError):
    """This document has a decision by an adjudicator, so your annotation can no longer change. Ask an
    adjudicator.
    """

    summary = gettext_noop(
        "This document has a decision by an adjudicator, so your annotation can no longer change. Ask an "
        "adjudicator."
    )


class NotDisputed(LabelingError):
    """This document is not disputed. Another adjudicator may have resolved it."""

    summary = gettext_noop("This document is not disputed. Another adjudicator may have resolved it.")


class AlreadyReplied(LabelingError):
    """This question already has a reply."""

    summary = gettext_noop("This question already has a reply.")


class NotForMachines(LabelingError):
    """This document measures the model or annotators, so only people can label it. Release it and claim the
    next one.
    """

    summary = gettext_noop(
        "This document measures the model or annotators, so only people can label it. Release it and "
        "claim the next one."
    )


class NotIndependent(LabelingError):
    """You labeled this document yourself. Another adjudicator has to resolve it."""

    summary = gettext_noop("You labeled this document yourself. Another adjudicator has to resolve it.")


class WrongState(LabelingError):
    """The document's status does not allow this."""

    summary = gettext_noop("The document's status does not allow this.")


class UnknownClass(InvalidInput):
    """This class is not in the project or is retired."""

    summary = gettext_noop("This class is not in the project or is retired.")


class InvitationUnusable(LabelingError):
    """This invitation was used or revoked, or has expired. Ask a manager of the project for a new one."""

    summary = gettext_noop(
        "This invitation was used or revoked, or has expired. Ask a manager of the project for a new one."
    )
    status = 410


class FileExpired(LabelingError):
    """The uploaded file has been deleted. Upload it again."""

    summary = gettext_noop("The uploaded file has been deleted. Upload it again.")
    status = 410


class StaleRun(LabelingError):
    """A newer run has already published its ranking, so this one has no effect."""

    summary = gettext_noop("A newer run has already published its ranking, so this one has no effect.")


class NothingToReplay(LabelingError):
    """The labels of this project cannot be replayed yet."""

    summary = gettext_noop("The labels of this project cannot be replayed yet.")


class ModelNotReady(LabelingError):
    """This model is not ready. Wait until it is trained, or choose one that is ready."""

    summary = gettext_noop("This model is not ready. Wait until it is trained, or choose one that is ready.")


class ModelNotPortable(LabelingError):
    """This model cannot be downloaded: an older version of the service trained it, or it needs more than
    texts. Choose a newer model.
    """

    summary = gettext_noop(
        "This model cannot be downloaded: an older version of the service trained it, or it needs more than "
        "texts. Choose a newer model."
    )


class ModelFilesLost(LabelingError):
    """The files of this model were deleted or changed. Choose a newer model."""

    summary = gettext_noop("The files of this model were deleted or changed. Choose a newer model.")


class FeaturesLost(LabelingError):
    """The features that this model reads were deleted or recomputed. Choose a newer model."""

    summary = gettext_noop(
        "The features that this model reads were deleted or recomputed. Choose a newer model."
    )


class ModelUnusable(LabelingError):
    """The files or features of this model are missing, so it cannot rank documents. Choose a newer one."""

    summary = gettext_noop(
        "The files or features of this model are missing, so it cannot rank documents. Choose a newer one."
    )
