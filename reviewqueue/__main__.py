"""The command line as a module: `./run` calls it in a clone, where no program is installed."""

import sys

from reviewqueue.command_line import main

if __name__ == "__main__":
    sys.exit(main())
