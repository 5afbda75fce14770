"""Domain errors: what can go wrong. One root; the docstring of each is the message that people read."""

from __future__ import annotations

import re
from typing import Any, ClassVar


class LabelingError(Exception):
    """The request could not be carried out."""

    status: ClassVar[int] = 409  # the HTTP status the two edges answer with

    def __init__(self, detail: str = "", **facts: Any) -> None:
        self.detail = detail
        self.facts = facts
        super().__init__(self.message)

    @property
    def message(self) -> str:
        summary = " ".join((self.__doc__ or "").split())
        return f"{summary} {self.detail}".strip()

    @classmethod
    def code(cls) -> str:
        """A stable name for machines: `LeaseExpired` is `lease_expired`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


class NotFound(LabelingError):
    """There is no such thing here, or you may not see it."""

    status = 404


class NotAMember(NotFound):
    """You are not a member of this project, or it does not exist."""


class ImportIsInUse(LabelingError):
    """This import cannot be undone."""


class NoSuchModel(LabelingError):
    """No model with this number keeps predictions of the test set; without a number it is the one in use."""

    status = 404


class NotAllowed(LabelingError):
    """Your role in this project does not allow this; ask a manager of the project."""

    status = 403


class LastManager(LabelingError):
    """A project needs at least one manager; make somebody else a manager first."""


class BudgetSpent(LabelingError):
    """You have asked for more than one person may in a minute; wait a moment and go on."""

    status = 429


class TooManySkips(LabelingError):
    """You skipped many documents in the last hour, more than you answered, so this one stays with you. Answer
    it, put it off, or ask about it; after an hour you may skip again.
    """

    status = 429


class InvalidAnswer(LabelingError):
    """The answer does not fit the project, so nothing was stored; correct it and send it again."""

    status = 422


class InvalidInput(LabelingError):
    """The input cannot be used."""

    status = 422


class LeaseNotFound(NotFound):
    """This lease does not exist or belongs to somebody else; claim a document first."""


class LeaseStale(LabelingError):
    """The lease has ended and the document may already be with someone else; claim the next one."""


class LeaseAtLimit(LabelingError):
    """The lease was extended for as long as the project allows; submit, or give the document back."""


class AnswerConflict(LabelingError):
    """Another answer was already stored for this lease; change it with a correction instead."""


class KeyReused(LabelingError):
    """This idempotency key was used for another request; make a new key for each request."""

    status = 422


class NothingToUndo(LabelingError):
    """There is no answer of yours here that could be undone."""


class AlreadySettled(LabelingError):
    """This document has been decided since, so the answer stands; tell an adjudicator."""


class NotDisputed(LabelingError):
    """This document is not in dispute; another adjudicator may have decided it."""


class AlreadyReplied(LabelingError):
    """Somebody has replied to this question already."""


class NotForMachines(LabelingError):
    """This document measures the model or annotators, so only people label it; release it and go on."""


class NotIndependent(LabelingError):
    """You labeled this document yourself; another adjudicator has to decide it."""


class WrongState(LabelingError):
    """The document's state does not allow this move."""


class UnknownClass(InvalidInput):
    """This class does not belong to the project or was retired."""


class InvitationUnusable(LabelingError):
    """This invitation was used or withdrawn, or has expired; ask a manager of the project for another one."""

    status = 410


class StaleRun(LabelingError):
    """A newer run has already published its ranking, so this one changes nothing."""


class NothingToReplay(LabelingError):
    """The labels of this project cannot be replayed now."""


class ModelUnusable(LabelingError):
    """The files or features of this model are gone, so it cannot rank any more; choose a newer one."""
