"""How does the first person get in?"""

import io

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command


def created(name: str) -> str:
    output = io.StringIO()
    call_command("create_account", name, stdout=output)
    return output.getvalue()


@pytest.mark.django_db
def test_the_printed_password_opens_the_account() -> None:
    output = created("zoe")
    password = next(line.split(": ")[1] for line in output.splitlines() if line.startswith("Password"))
    user = User.objects.get(username="zoe")
    assert user.check_password(password)
    assert not user.is_staff
    assert not user.is_superuser


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["zoe", "ZOE", "", "a b", "x" * 151])
def test_a_name_that_is_taken_or_cannot_be_is_refused(name: str) -> None:
    created("zoe")
    with pytest.raises(CommandError):
        created(name)
    assert User.objects.count() == 1
