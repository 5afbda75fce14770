"""Steps of the import pages' tests: a table, rows, and what sends a file and starts its import."""

import re
from pathlib import Path
from typing import Any

from django.conf import settings as present
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from labeling.documents.imports import ImportJob
from labeling.projects.models import Project

TABLE = b"nr,comment,topic\na1,Bad and slow,Delivery\na2,Give my money back,Refund\n"


def send(client: Client, project: Project, content: bytes, name: str = "mails.csv") -> Any:
    file = SimpleUploadedFile(name, content)
    return client.post(reverse("labeling:import", args=[project.pk]), {"file": file}, follow=True)


def start(client: Client, project: Project, **choice: str) -> Any:
    job = ImportJob.objects.filter(project=project).latest("created_at")
    data = {"format": job.file_format, "encoding": "utf-8"}
    data |= ({"text": "text"} if "json" in job.file_format else {}) | choice
    return client.post(reverse("labeling:start_import", args=[project.pk, job.pk]), data, follow=True)


def text(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).replace("&#x27;", "'").split())


def kept_files() -> set[str]:
    folder = Path(present.DATA_DIR, "uploads")
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


ROWS = (
    b'{"body": "Bad and slow", "nr": 1, "topic": "Delivery", "seller": "shop", "agent": "Kim"}\n'
    b'{"body": "Give my money back", "nr": 2, "topic": "Warranty", "seller": "app", "agent": "Lee"}\n'
    b'{"body": "Thanks", "nr": 3, "seller": "app", "agent": "Kim"}\n'
)
