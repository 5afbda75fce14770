"""Prefetch: what the label page's script asks for. Documents ahead, to hold them, to store what was done.

Each call names the person whom the page was made for: somebody else may have signed in since, in the same
browser, and nobody's work goes out under another name.
"""

import json
import logging
from typing import Any

from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from labeling.desk.actions import hold, open_desk
from labeling.exceptions import InvalidInput, LabelingError
from labeling.projects import members
from labeling.web.access import another_person, for_people, person
from labeling.web.desk import operations
from labeling.web.desk.page import part_of

logger = logging.getLogger(__name__)
MAX_OPERATIONS = 50  # in one call
MAX_LEASES = 500


@require_POST
@for_people
def ahead(request: HttpRequest, project_id: int) -> HttpResponse:
    """The next `count` documents besides those that the page has, each as a part, and how far it is."""
    if other := another_person(request, request.POST.get("person", "")):
        return other
    have = [number for lease in request.POST.getlist("have")[:MAX_LEASES] if (number := _number(lease))]
    count = _number(request.POST.get("count", ""))
    desk = open_desk(project_id, person(request), count=count, have=have)
    progress = render_to_string(
        "labeling/_desk_progress.html", {"member": desk.member, "facts": desk.facts}, request
    )
    return HttpResponse(part_of(request, desk) + progress)


@require_POST
@for_people
def holding(request: HttpRequest, project_id: int) -> HttpResponse:
    """Hold the leases in `shown` and `waiting`, give the unread ones in `back` to others."""
    if other := another_person(request, request.POST.get("person", "")):
        return other
    tokens = {name: request.POST.getlist(name)[:MAX_LEASES] for name in ("shown", "waiting", "back")}
    lost = hold(project_id, person(request), **tokens)
    return JsonResponse({"lost": lost})


@require_POST
@for_people
def save(request: HttpRequest, project_id: int) -> HttpResponse:
    """Carry out operations, `[{"do": …, "fields": …}]`, in their order. Answers with what became of each.

    Every operation stands alone: one that is refused, or that fails today, hinders none behind it.
    """
    try:
        whose, operations = _operations(request)
    except InvalidInput:
        members.member_of(project_id, person(request))  # for strangers there is nothing here
        return JsonResponse({"message": InvalidInput().message}, status=422)
    if other := another_person(request, whose):
        return other
    done: list[dict[str, Any]] = []
    for do, fields in operations:  # what an undo takes back may have failed just now: then both come again
        is_early = do == "undo" and any(outcome["status"] == "again" for outcome in done)
        done.append({"status": "again"} if is_early else _carry_out(request, project_id, do, fields))
    if any(outcome["status"] == "refused" for outcome in done):
        members.member_of(project_id, person(request))
    return JsonResponse({"outcomes": done})


def _carry_out(request: HttpRequest, project_id: int, do: str, fields: str) -> dict[str, Any]:
    try:
        return {"status": "ok"} | operations.OPERATIONS[do](person(request), project_id, QueryDict(fields))
    except TooManyFieldsSent:
        return {"status": "refused", "message": _("This annotation is too large.")}
    except LabelingError as error:
        return {"status": "refused", "message": operations.refusal(error)}
    except Exception:  # one operation that fails must not hold up the others; it is sent again
        logger.exception("An operation of the label page failed: %s", do)
        return {"status": "again"}


def _operations(request: HttpRequest) -> tuple[str, list[tuple[str, str]]]:
    """The person's number as text, and (what to do, its fields) of each. Raises InvalidInput."""
    try:
        sent = json.loads(request.body)
        listed = [(str(each["do"]), each["fields"].encode().decode()) for each in sent["operations"]]
        whose = str(sent["person"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidInput from error
    if not 0 < len(listed) <= MAX_OPERATIONS or any(
        do not in operations.OPERATIONS for do, _fields in listed
    ):
        raise InvalidInput
    return whose, listed


def _number(sent: str) -> int:
    """Of a lease, or how many; 0 for what is none."""
    return int(sent) if sent.isdecimal() and len(sent) < 18 else 0
