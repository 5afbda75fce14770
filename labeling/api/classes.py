"""Label classes API: which classes annotators may choose, and how a manager changes them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.fields import Input, Text, WholeNumber
from labeling.api.edge.permissions import MANAGE, READ
from labeling.api.edge.schema import operation
from labeling.guidelines import classes
from labeling.guidelines.models import LabelClass

KEY = "Keyboard shortcut of the class on the labeling page: a digit or a lowercase letter; empty for none."
COLOR = "Hex color: # and six digits."


class NewClassIn(Input):
    name = Text(max_length=100)
    key = Text(required=False, max_length=1, allow_blank=True, help_text=KEY)
    color = Text(required=False, max_length=7, help_text=COLOR)


class ClassChangeIn(NewClassIn):
    position = WholeNumber(required=False, max_value=1000, help_text="Position in lists, starting at 0.")
    seed_words = serializers.ListField(
        child=Text(max_length=classes.MAX_CHARACTERS),
        max_length=classes.MAX_SEED_WORDS,
        required=False,
        help_text="Words and phrases that find documents of the class while it has few labels.",
    )


class ClassOut(serializers.ModelSerializer[LabelClass]):
    """A label class. Its ID never changes; its name can."""

    color = serializers.CharField()
    is_retired = serializers.SerializerMethodField(
        help_text="The class is no longer offered. Existing labels stay."
    )

    class Meta:
        model = LabelClass
        fields = ("id", "name", "key", "color", "position", "seed_words", "is_retired")
        read_only_fields = fields

    def get_is_retired(self, label_class: LabelClass) -> bool:
        return label_class.retired_at is not None


class ClassesOut(serializers.Serializer[Any]):
    results = ClassOut(many=True)


class Classes(Endpoint):
    needs = {"GET": READ, "POST": MANAGE}

    @operation("classes_list", answers={200: ClassesOut})
    def get(self, request: Request, project_id: int) -> Response:
        """List all classes, including retired ones."""
        return Response({"results": ClassOut(self.member.project.classes.all(), many=True).data})

    @operation(
        "classes_add",
        request=NewClassIn,
        answers={201: ClassOut},
        errors=[409, 422],
        examples={"With a key": {"name": "Billing", "key": "b"}},
    )
    def post(self, request: Request, project_id: int) -> Response:
        """Add a class at the end of the list."""
        requested = NewClassIn.checked(request.data)
        return Response(ClassOut(classes.add(project_id, self.caller, **requested)).data, status=201)


class OneClass(Endpoint):
    needs = {"PATCH": MANAGE}

    @operation(
        "classes_change",
        request=ClassChangeIn,
        answers={200: ClassOut},
        errors=[409, 422],
        examples={"Rename": {"name": "Invoices"}},
    )
    def patch(self, request: Request, project_id: int, class_id: UUID) -> Response:
        """Change the name, key, color, position or seed words of a class. Its labels stay."""
        changes = ClassChangeIn.changes(request.data)
        return Response(ClassOut(classes.change(project_id, self.caller, class_id, **changes)).data)


class RetireClass(Endpoint):
    needs = {"POST": MANAGE}

    @operation("classes_retire", answers={204: None}, errors=[422])
    def post(self, request: Request, project_id: int, class_id: UUID) -> Response:
        """Retire a class: it is no longer offered. Existing labels stay."""
        classes.retire(project_id, self.caller, class_id)
        return Response(status=204)


class RestoreClass(Endpoint):
    needs = {"POST": MANAGE}

    @operation("classes_restore", answers={200: ClassOut}, errors=[409])
    def post(self, request: Request, project_id: int, class_id: UUID) -> Response:
        """Restore a retired class. It loses its key if another class uses it now."""
        return Response(ClassOut(classes.restore(project_id, self.caller, class_id)).data)
