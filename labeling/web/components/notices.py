"""Service notices: what managers are told of parts of the service that keep failing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labeling.formatting import short_datetime
from labeling.jobs import service_status

SET_ASIDE_HOURS = 24  # so long it is told
PARTS = {  # name of the process: what it is to people, and what waits for it
    "trainer": (
        gettext_lazy("The trainer"),
        gettext_lazy("Training and ranking are stopped."),
    ),
    "worker": (gettext_lazy("The worker"), gettext_lazy("Imports wait, and no training is started.")),
    "background": (gettext_lazy("The background worker"), gettext_lazy("Embeddings and replays wait.")),
    "beat": (gettext_lazy("The scheduler"), gettext_lazy("No training is started.")),
    "valkey": (gettext_lazy("The message broker"), gettext_lazy("The workers get no new jobs.")),
    "web": (gettext_lazy("The web server"), gettext_lazy("Pages may be unavailable for short periods.")),
    "postgres": (gettext_lazy("The database"), gettext_lazy("Pages may be unavailable for short periods.")),
}


@dataclass(frozen=True)
class Notice:
    """One thing that is wrong, and what it means for the team."""

    title: str
    text: str


def notices() -> list[Notice]:
    """What keeps failing now, by the note of the service's supervisor and a look at the disk."""
    folder = Path(settings.DATA_DIR)
    shown = [_outage(outage) for outage in service_status.read(folder) if outage.is_shown]
    if service_status.is_disk_full(folder):
        title = _("The disk is full")
        text = _(
            "Some annotations cannot be saved until there is space. Ask the operator to free some; "
            "the service then continues automatically."
        )
        shown.insert(0, Notice(title, text))
    return shown + [_set_aside(path) for path in service_status.set_aside(folder) if _is_recent(path)]


def _outage(outage: service_status.Outage) -> Notice:
    part, waits = PARTS.get(outage.part, (outage.part, ""))
    text = _("Labeling continues. {waits} The service restarts it automatically, at least once a minute.")
    return Notice(_("{part} keeps failing").format(part=part), text.format(waits=waits))


def _set_aside(path: Path) -> Notice:
    when = short_datetime(_time_of(path))
    text = _("It restarted empty at {when}. Its old files are in {folder}. No jobs are lost.")
    return Notice(_("The message broker could not read its files"), text.format(when=when, folder=path.name))


def _is_recent(path: Path) -> bool:
    return datetime.now(UTC) - _time_of(path) < timedelta(hours=SET_ASIDE_HOURS)


def _time_of(path: Path) -> datetime:
    written = path.name.partition(service_status.SET_ASIDE)[2]
    return datetime.strptime(written, "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)
