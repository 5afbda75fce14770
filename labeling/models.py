"""Models of every feature, for Django, which looks here. All else imports them from their feature."""

from labeling.annotations.models import Annotation, Label, Question, Resolution
from labeling.documents.imports import ImportJob
from labeling.documents.models import Document, DocumentLanguage
from labeling.exchange.models import DatasetVersion, ExportFile
from labeling.guidelines.models import ClassRule, Guideline, LabelClass
from labeling.idempotency.models import KeyedRequest
from labeling.jobs.models import Job
from labeling.predictions.models import HeldOutPrediction, ModelVersion, Prediction, PredictionSource
from labeling.projects.models import ApiToken, Invitation, Membership, Project, SignInFailure
from labeling.queue.lease_clock import Heartbeat
from labeling.queue.models import Claim, Lease, QueueEntry
from labeling.replay.models import Replay, ReplayCurve
from labeling.steering.models import ClassNeed, Focus, Pick, PickedDocument, QueueMix
from labeling.training.models import Tuning

__all__ = [
    "Annotation",
    "ApiToken",
    "Claim",
    "ClassNeed",
    "ClassRule",
    "DatasetVersion",
    "Document",
    "DocumentLanguage",
    "ExportFile",
    "Focus",
    "Guideline",
    "Heartbeat",
    "HeldOutPrediction",
    "ImportJob",
    "Invitation",
    "Job",
    "KeyedRequest",
    "Label",
    "LabelClass",
    "Lease",
    "Membership",
    "ModelVersion",
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
]
