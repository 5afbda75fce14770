"""Empty Python environments: an interpreter that has some installed packages and no others."""

from __future__ import annotations

import os
import venv
from importlib.util import find_spec
from pathlib import Path


def environment_with(packages: tuple[str, ...], folder: Path) -> Path:
    """The interpreter of a new environment that borrows these packages from this one."""
    venv.create(folder, symlinks=True)
    (site_packages,) = folder.glob("lib/python*/site-packages")
    for package in packages:
        spec = find_spec(package)
        assert spec is not None
        assert spec.origin is not None
        ours = Path(spec.origin).parent
        for path in (ours, *ours.parent.glob(f"{package}.libs"), *ours.parent.glob(f"{package}-*.dist-info")):
            os.symlink(path, site_packages / path.name)
    return folder / "bin" / "python"
