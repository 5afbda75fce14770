"""Member pages: who works in a project, and how others join."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from labeling.annotations import skipping
from labeling.annotations.activity import activity_of
from labeling.exceptions import InvitationUnusable, LabelingError, NotFound
from labeling.projects import invitations
from labeling.projects import members as memberships
from labeling.projects.models import ApiToken, Invitation, Membership
from labeling.web.access import for_managers, person, refused
from labeling.web.accounts import remember_browser
from labeling.web.components.forms import put_on


class NewInvitation(forms.Form):
    role = forms.ChoiceField(choices=Membership.Role, label=gettext_lazy("Role"))
    days = forms.TypedChoiceField(
        coerce=int,
        choices=((1, gettext_lazy("1 day")), (7, gettext_lazy("7 days")), (30, gettext_lazy("30 days"))),
        initial=7,
        label=gettext_lazy("Expires after"),
    )


class Role(forms.Form):
    role = forms.ChoiceField(choices=Membership.Role)


class SignUp(forms.Form):
    """An account for somebody who was invited."""

    username = forms.CharField(
        max_length=150,
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("Visible to your team. Letters, digits and @ . + - _"),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    password = forms.CharField(
        max_length=1000,
        strip=False,
        label=gettext_lazy("Password"),
        help_text=gettext_lazy("At least ten characters. A few random words work well."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class NewToken(forms.Form):
    name = forms.CharField(
        max_length=100,
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("The program that uses the token."),
    )
    scope = forms.ChoiceField(
        choices=ApiToken.Scope, initial=ApiToken.Scope.ANNOTATE, label=gettext_lazy("Permissions")
    )
    answers = forms.ChoiceField(
        choices=ApiToken.Answers,
        initial=ApiToken.Answers.PERSON,
        required=False,  # existing clients do not send it
        widget=forms.RadioSelect,
        label=gettext_lazy("Annotates as"),
        help_text=gettext_lazy(
            "Machine annotations are marked as such. Machines get no test or gold documents."
        ),
    )
    days = forms.TypedChoiceField(
        coerce=int,
        choices=(
            (30, gettext_lazy("30 days")),
            (365, gettext_lazy("1 year")),
            (0, gettext_lazy("never")),
        ),
        initial=365,
        label=gettext_lazy("Expires after"),
    )

    def clean_answers(self) -> str:
        return self.cleaned_data["answers"] or ApiToken.Answers.PERSON

    @classmethod
    def of(cls, member: Membership, data: Any = None) -> NewToken:
        """The form with the scopes that the member may give away."""
        form = cls(data)
        if not member.may_manage:
            read, annotate = ApiToken.Scope.READ, ApiToken.Scope.ANNOTATE
            form.fields["scope"] = forms.ChoiceField(
                choices=[(read.value, read.label), (annotate.value, annotate.label)],
                initial=annotate,
                label=cls.base_fields["scope"].label,
            )
        return form


@require_safe
@for_managers
def members(request: HttpRequest, member: Membership) -> HttpResponse:
    return _page(request, member, NewInvitation())


@require_POST
@for_managers
def invite(request: HttpRequest, member: Membership) -> HttpResponse:
    """Answers with the page itself: the link is in this answer and nowhere else."""
    form = NewInvitation(request.POST)
    if not form.is_valid():
        return _page(request, member, form, status=422)
    invitation, secret = invitations.invite(member.project_id, person(request), **form.cleaned_data)
    link = request.build_absolute_uri(reverse("labeling:join", args=[secret]))
    return _page(request, member, NewInvitation(), link=link, invitation=invitation)


@require_POST
@for_managers
def revoke_invitation(request: HttpRequest, member: Membership, invitation_id: int) -> HttpResponse:
    invitations.revoke(member.project_id, person(request), invitation_id)
    messages.success(request, _("Invitation link revoked."))
    return redirect("labeling:members", member.project_id)


@require_POST
@for_managers
def change_role(request: HttpRequest, member: Membership, user_id: int) -> HttpResponse:
    form = Role(request.POST)
    user = _member(member.project_id, user_id).user
    if form.is_valid():
        try:
            changed = memberships.add_member(
                member.project_id, person(request), user, form.cleaned_data["role"]
            )
        except LabelingError as error:
            messages.error(request, error.message)
        else:
            role = changed.get_role_display()
            messages.success(request, _("{name} is now {role}.").format(name=user, role=role))
            if user == person(request) and not changed.may_manage:
                return redirect("labeling:project", member.project_id)
    return redirect("labeling:members", member.project_id)


@for_managers
def remove(request: HttpRequest, member: Membership, user_id: int) -> HttpResponse:
    user = _member(member.project_id, user_id).user
    if request.method != "POST":
        return render(request, "labeling/confirm.html", _removal(member, user))
    try:
        memberships.remove_member(member.project_id, person(request), user)
    except LabelingError as error:
        messages.error(request, error.message)
        return redirect("labeling:members", member.project_id)
    messages.success(request, _("{name} is no longer a member.").format(name=user))
    if user == person(request):
        return redirect("labeling:projects")
    return redirect("labeling:members", member.project_id)


@never_cache
@sensitive_post_parameters("password")
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """Looking at the link changes nothing: whatever opens links by itself does not use it up."""
    if request.user.is_authenticated and (present := invitations.membership_by(secret, person(request))):
        messages.info(request, _("You are already a member of {project}.").format(project=present.project))
        return redirect("labeling:project", present.project_id)
    try:
        if request.method == "POST" and request.user.is_authenticated:
            member = invitations.redeem(secret, person(request))
            messages.success(request, _("Welcome to {project}.").format(project=member.project))
            return redirect("labeling:project", member.project_id)
        invitation = invitations.invitation_of(secret)
        form = SignUp(request.POST or None)
        if request.method == "POST" and form.is_valid():
            return _sign_up(request, secret, invitation, form)
    except InvitationUnusable as error:
        return refused(request, error)
    return _join_page(request, invitation, form)


def _sign_up(request: HttpRequest, secret: str, invitation: Invitation, form: SignUp) -> HttpResponse:
    try:
        member = invitations.sign_up(secret, **form.cleaned_data)
    except ValidationError as error:
        put_on(form, error)
        return _join_page(request, invitation, form)
    login(request, member.user, backend=settings.AUTHENTICATION_BACKENDS[0])
    messages.success(request, _("Welcome to {project}.").format(project=member.project))
    response = redirect("labeling:project", member.project_id)
    remember_browser(request, response, member.user.get_username())
    return response


def _join_page(request: HttpRequest, invitation: Invitation, form: SignUp) -> HttpResponse:
    context = {"invitation": invitation, "form": form}
    return render(request, "labeling/member_join.html", context, status=422 if form.errors else 200)


def _page(
    request: HttpRequest, member: Membership, form: NewInvitation, status: int = 200, **context: Any
) -> HttpResponse:
    of_project = Membership.objects.filter(project=member.project_id, removed_at=None)
    activity = activity_of(member.project_id)
    context |= {
        "member": member,
        "members": [
            (one, activity[one.user_id])
            for one in of_project.select_related("user").order_by("user__username")
        ],
        "invitations": Invitation.objects.usable()
        .filter(project=member.project_id)
        .select_related("created_by"),
        "skippers": skipping.who_skips_most(member.project_id),
        "roles": Membership.Role.choices,
        "form": form,
        "step": 4 if request.GET.get("step") == "4" else None,
    }
    return render(request, "labeling/member_list.html", context, status=status)


def _member(project_id: int, user_id: int) -> Membership:
    memberships = Membership.objects.select_related("user").filter(
        project=project_id, user=user_id, removed_at=None
    )
    if (member := memberships.first()) is None:
        raise NotFound
    return member


def _removal(member: Membership, user: User) -> dict[str, Any]:
    return {
        "member": member,
        "title": _("Remove {name} from the project?").format(name=user),
        "text": _(
            "Their annotations still count. Their tokens stop working at once, and documents assigned"
            " to them go to others when the lock expires. You can invite them again."
        ),
        "action": _("Remove"),
        "back": reverse("labeling:members", args=[member.project_id]),
    }
