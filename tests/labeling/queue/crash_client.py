"""What does a client see of a database that is killed under it? Run by the crash test as a process.

`prepare` makes a project. `label FILE` labels with several people until the database goes, and notes each
acknowledged answer in FILE before it sends the next. `check FILE` prints how many of those are not there.
"""

import os
import sys
import threading
from itertools import count

import django

django.setup()

from django.contrib.auth.models import User
from django.db import Error, connection

from labeling.annotations import submit
from labeling.annotations.models import Annotation
from labeling.annotations.submit import Submission
from labeling.annotations.validation import LabelValue
from labeling.guidelines import new_projects
from labeling.projects import members
from labeling.projects.models import Project
from labeling.queue import claims

PEOPLE, DOCUMENTS = 8, 20_000
ADD = """
    INSERT INTO labeling_document (project_id, external_id, text, metadata, content_hash, split, state,
                                   position, random_key, round, extra_slots)
    SELECT %s, n, 'text ' || n, '{}', decode(md5(n::text), 'hex'), 'pool', 'open', n, n / %s::float, 0, 0
    FROM generate_series(0, %s - 1) AS n
"""


def prepare() -> None:
    users = [User.objects.create(username=f"annotator {n}") for n in range(PEOPLE)]
    project = new_projects.create(users[0], name="Crash", kind="single", class_names=["A", "B"], overlap=2)
    for user in users[1:]:
        members.add_member(project.pk, users[0], user, "annotator")
    with connection.cursor() as cursor:
        cursor.execute(ADD, [project.pk, DOCUMENTS, DOCUMENTS])
    Project.objects.update(document_count=DOCUMENTS)


def label(path: str) -> None:
    project = Project.objects.get()
    answer = [LabelValue(project.classes.all()[0].pk)]
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def work(user: User) -> None:
        try:
            for n in count():
                (held,) = claims.claim(project.pk, user, key=f"{os.getpid()} {n}").documents
                done = submit.submit(user, Submission(held.token, answer, key=f"{os.getpid()} {n}"))
                os.write(file, f"{done.annotation_id}\n".encode())
                os.fsync(file)
        except Error:
            connection.close()

    threads = [threading.Thread(target=work, args=[user]) for user in User.objects.all()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def check(path: str) -> None:
    with open(path) as file:
        acknowledged = {int(line) for line in file}
    stored = set(Annotation.objects.values_list("pk", flat=True))
    print(f"acked={len(acknowledged)} lost={len(acknowledged - stored)} unheard={len(stored - acknowledged)}")


if __name__ == "__main__":
    {"prepare": prepare, "label": label, "check": check}[sys.argv[1]](*sys.argv[2:])
