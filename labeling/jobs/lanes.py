"""Worker lanes: the queue in which jobs of each kind wait, and the time after which one is ended by force.

Kinds share a lane only where one may wait for the other: an embedding takes hours, and no training stands
behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.conf import settings

from labeling.jobs.models import Job


class Queue(StrEnum):
    """Celery's queues: each has a worker in docker-compose.yml and in the embedded service."""

    DEFAULT = "default"
    TRAIN = "train"
    EMBED = "embed"  # hours of work, on a processor that nobody else wants
    IDLE = "idle"  # minutes of it, after the embeddings


@dataclass(frozen=True)
class Lane:
    """Where jobs of a kind wait, and which share of TASK_TIME_LIMIT_SECONDS one may take: (0, 1]."""

    queue: Queue
    share_of_limit: float = 1.0

    def send_options(self) -> dict[str, Any]:
        """What Celery is told with the message: queue and limits in seconds; the soft one comes first."""
        limit = round(settings.CELERY_TASK_TIME_LIMIT * self.share_of_limit)
        return {"queue": str(self.queue), "time_limit": limit, "soft_time_limit": limit * 9 // 10}


LANES = {
    Job.Kind.IMPORT: Lane(Queue.DEFAULT),
    Job.Kind.DATASET: Lane(Queue.DEFAULT),
    Job.Kind.EXPORT: Lane(Queue.DEFAULT),
    Job.Kind.TELL_LANGUAGES: Lane(Queue.DEFAULT, 0.5),
    Job.Kind.FEATURIZE: Lane(Queue.TRAIN),
    Job.Kind.TRAIN: Lane(Queue.TRAIN),
    Job.Kind.RANK: Lane(Queue.TRAIN, 0.5),
    Job.Kind.EMBED: Lane(Queue.EMBED),
    Job.Kind.REPLAY: Lane(Queue.IDLE),
    Job.Kind.TUNE: Lane(Queue.IDLE),
    Job.Kind.COMPARE: Lane(Queue.IDLE),
}
