#!/usr/bin/env python
"""Management commands in a clone. `./run manage NAME` runs them on the data folder, with its servers."""

from reviewqueue.manage import main

if __name__ == "__main__":
    main("manage.py")
