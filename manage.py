#!/usr/bin/env python
"""How do I run one of Django's or the project's own commands? `./run manage NAME`, which calls this."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reviewqueue.settings")
    execute_from_command_line(sys.argv)
