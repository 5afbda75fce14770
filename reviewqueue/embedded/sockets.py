"""Unix sockets: where the embedded servers listen, in a folder that only their owner can enter."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

LONGEST = 100  # bytes; the kernel's limit for a socket's path is 107
LONGEST_NAME = len("/.s.PGSQL.5432.lock")


def socket_folder(data: Path) -> Path:
    """A folder for the sockets of a data folder, made if need be: inside it, or in /tmp if its path is long.

    Raises PermissionError when somebody else made the folder in /tmp.
    """
    folder = data / "run"
    if len(os.fsencode(folder)) + LONGEST_NAME > LONGEST:
        digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"reviewqueue-{os.geteuid()}-{digest}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    facts = folder.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid():
        raise PermissionError(f"{folder} belongs to another user. Remove it, or choose another data folder.")
    folder.chmod(0o700)
    return folder
