"""PostgreSQL user rights: it refuses to run as root, so where we are root it is started with fewer rights."""

import os
import shutil
import subprocess
from enum import Enum
from functools import cache
from pathlib import Path

NOBODY = 65534  # has an entry in passwd everywhere; initdb looks its own user up


class RootRefused(RuntimeError):
    """PostgreSQL does not run as root, and root privileges cannot be dropped on this machine. Run the
    service as an ordinary user, or set DATABASE_URL to a running server.
    """


class Rights(Enum):
    """The ways to run PostgreSQL, best first."""

    OWN = "as the ordinary user who started the service"
    NAMESPACE = "as root of the files, nobody inside a user namespace"
    NOBODY = "as nobody, with the one right to reach folders of root"

    @property
    def prefix(self) -> list[str]:
        """What to write before the command."""
        match self:
            case Rights.OWN:
                return []
            case Rights.NAMESPACE:
                return ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--"]
            case Rights.NOBODY:
                # A container without user namespaces still lets root keep one capability across setuid.
                ids = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
                capability = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
                return ["setpriv", *ids, *capability, "--"]

    def is_possible(self) -> bool:
        """Whether this machine allows it, found out by doing it."""
        if not self.prefix:
            return True
        if not shutil.which(self.prefix[0]):
            return False
        return subprocess.run([*self.prefix, "true"], capture_output=True, check=False).returncode == 0

    def own(self, folder: Path) -> None:
        """Give a folder and all in it to the user that PostgreSQL will see itself as."""
        if self is Rights.OWN or not folder.exists():
            return
        owner = NOBODY if self is Rights.NOBODY else os.geteuid()
        if folder.stat().st_uid != owner:
            for path in [folder, *folder.rglob("*")]:
                os.chown(path, owner, owner, follow_symlinks=False)


@cache
def postgres_rights() -> Rights:
    """The best way to run PostgreSQL here. Raises RootRefused if there is none."""
    if os.geteuid() != 0:
        return Rights.OWN
    for rights in (Rights.NAMESPACE, Rights.NOBODY):
        if rights.is_possible():
            return rights
    raise RootRefused(" ".join((RootRefused.__doc__ or "").split()))
