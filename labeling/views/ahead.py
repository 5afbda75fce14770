"""What does the script of the label page ask for? Documents ahead, to hold them, and to store what was done.

Each call names the person whom the page was made for: somebody else may have signed in since, in the same
browser, and nobody's work goes out under another name.
"""

import json
import logging
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST

from labeling.actions import projects
from labeling.actions.desk import hold, open_desk
from labeling.exceptions import InvalidInput, LabelingError
from labeling.views import deeds
from labeling.views.access import for_people, person
from labeling.views.desk import part_of

logger = logging.getLogger(__name__)
MOST_OPERATIONS = 50  # in one call
MOST_LEASES = 500


@require_POST
@for_people
def ahead(request: HttpRequest, project_id: int) -> HttpResponse:
    """The next `count` documents besides those that the page has, each as a part, and how far it is."""
    if other := _another_person(request, request.POST.get("person", "")):
        return other
    have = [int(lease) for lease in request.POST.getlist("have")[:MOST_LEASES] if lease.isdecimal()]
    count = request.POST.get("count", "")
    desk = open_desk(project_id, person(request), count=int(count) if count.isdecimal() else 1, have=have)
    progress = render_to_string(
        "labeling/_desk_progress.html", {"member": desk.member, "facts": desk.facts}, request
    )
    return HttpResponse(part_of(request, desk) + progress)


@require_POST
@for_people
def holding(request: HttpRequest, project_id: int) -> HttpResponse:
    """Hold the leases in `shown` and `waiting`, give the unread ones in `back` to others."""
    if other := _another_person(request, request.POST.get("person", "")):
        return other
    tokens = {name: request.POST.getlist(name)[:MOST_LEASES] for name in ("shown", "waiting", "back")}
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
        projects.member_of(project_id, person(request))  # for strangers there is nothing here
        return JsonResponse({"message": InvalidInput().message}, status=422)
    if other := _another_person(request, whose):
        return other
    done = [_carry_out(request, project_id, do, fields) for do, fields in operations]
    if any(outcome["status"] == "refused" for outcome in done):
        projects.member_of(project_id, person(request))
    return JsonResponse({"outcomes": done})


def _carry_out(request: HttpRequest, project_id: int, do: str, fields: QueryDict) -> dict[str, Any]:
    try:
        return {"status": "ok"} | deeds.DEEDS[do](person(request), project_id, fields)
    except LabelingError as error:
        return {"status": "refused", "message": deeds.refusal(error)}
    except Exception:  # one operation that fails must not hold up the others; it is sent again
        logger.exception("An operation of the label page failed: %s", do)
        return {"status": "again"}


def _operations(request: HttpRequest) -> tuple[str, list[tuple[str, QueryDict]]]:
    """The person's number as text, and (what to do, its fields) of each. Raises InvalidInput."""
    try:
        sent = json.loads(request.body)
        listed = [(str(each["do"]), QueryDict(each["fields"], mutable=True)) for each in sent["operations"]]
        whose = str(sent["person"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInput from error
    if not 0 < len(listed) <= MOST_OPERATIONS or any(do not in deeds.DEEDS for do, _fields in listed):
        raise InvalidInput
    return whose, listed


def _another_person(request: HttpRequest, whose: str) -> HttpResponse | None:
    """The answer for a page that was made for somebody else."""
    if whose in ("", str(person(request).pk)):
        return None
    return JsonResponse({"person": person(request).pk}, status=409)
