"""Management commands, Django's and our own. `manage.py` in a clone and `reviewqueue manage` call this."""

import os
import sys

from django.core.management import execute_from_command_line

from reviewqueue.installation import PROGRAM


def main(program: str) -> None:
    """Run the command that the process was given.

    program : what its help calls it
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reviewqueue.settings")
    execute_from_command_line([program, *sys.argv[1:]])


if __name__ == "__main__":
    main(f"{PROGRAM} manage")
