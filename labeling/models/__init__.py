"""Database models: what is stored, which states there are, and what the database itself refuses."""

from labeling.models.annotations import Annotation, Label, Resolution
from labeling.models.classes import PALETTE, LabelClass
from labeling.models.clock import Now
from labeling.models.documents import Document
from labeling.models.guidelines import ClassRule, Guideline
from labeling.models.idempotency import KeyedRequest
from labeling.models.imports import ImportJob
from labeling.models.invitations import Invitation
from labeling.models.languages import DocumentLanguage
from labeling.models.learned import HeldOutPrediction, ModelVersion
from labeling.models.outside import Prediction, PredictionSource
from labeling.models.owed import OwedWork
from labeling.models.picks import Pick, PickedDocument
from labeling.models.projects import ApiToken, Membership, Project
from labeling.models.questions import Question
from labeling.models.queue import Claim, Lease, QueueEntry, lease_token, read_lease_token
from labeling.models.replays import Replay, ReplayCurve
from labeling.models.sign_ins import SignInFailure
from labeling.models.steering import ClassNeed, Focus, QueueMix
from labeling.models.tuning import Tuning
from labeling.models.uptime import Heartbeat

__all__ = [
    "PALETTE",
    "Annotation",
    "ApiToken",
    "Claim",
    "ClassNeed",
    "ClassRule",
    "Document",
    "DocumentLanguage",
    "Focus",
    "Guideline",
    "Heartbeat",
    "HeldOutPrediction",
    "ImportJob",
    "Invitation",
    "KeyedRequest",
    "Label",
    "LabelClass",
    "Lease",
    "Membership",
    "ModelVersion",
    "Now",
    "OwedWork",
    "Pick",
    "PickedDocument",
    "Prediction",
    "PredictionSource",
    "Project",
    "Question",
    "QueueEntry",
    "QueueMix",
    "Replay",
    "ReplayCurve",
    "Resolution",
    "SignInFailure",
    "Tuning",
    "lease_token",
    "read_lease_token",
]
