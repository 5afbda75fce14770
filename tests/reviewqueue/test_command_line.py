"""Command line: which options are ours, which a command's own, and what is refused before anything starts."""

import os
import subprocess
import sys

import django
import pytest

from reviewqueue.command_line import main, parser
from reviewqueue.settings import BASE_DIR
from tests.test_readme import run_commands

COMMANDS = {"demo", "up", "status", "manage", "bench"}


def test_help_names_every_command_of_the_service(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    output = capsys.readouterr().out
    assert [name for name in COMMANDS if f"\n    {name} " not in output] == []
    assert run_commands() >= COMMANDS


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["up", "--port", "70000"], "the port must be a number from 1 to 65535, not '70000'"),
        (["demo", "--port", "-1"], "the port must be a number from 1 to 65535, not '-1'"),
        (["status", "--quick"], "unrecognized arguments: --quick"),
        (["lunch"], "invalid choice: 'lunch'"),
        ([], "COMMAND"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_starts(capsys, arguments, reason):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert reason in capsys.readouterr().err


def test_an_option_behind_the_name_of_a_command_is_the_commands_own():
    """`simulate` has a --data of its own."""
    asked, _ = parser().parse_known_args(["manage", "--data", "mine", "simulate", "--data", "rows.jsonl"])
    assert (str(asked.data), asked.arguments) == ("mine", ["simulate", "--data", "rows.jsonl"])


def test_options_of_django_itself_reach_it(servers):
    command = [sys.executable, "-m", "reviewqueue", "manage", "--version"]
    environment = os.environ | {"PYTHONPATH": str(BASE_DIR)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == django.get_version()
