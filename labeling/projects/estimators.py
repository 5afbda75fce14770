"""Installed estimators: the models of other packages that a project may use, by the names they announce.

Names are read from the metadata of installed packages, so that a web process never imports such a package.
"""

from __future__ import annotations

from importlib.metadata import entry_points

from django.utils.translation import gettext as _

from labeling.exceptions import InvalidInput

GROUP = "reviewqueue.estimators"


def installed_estimators() -> list[str]:
    """Names that installed packages announce, sorted."""
    return sorted(entry_points(group=GROUP).names)


def check_estimator(name: str) -> None:
    """Raises InvalidInput for a name that no installed package announces; the empty one is the default."""
    names = installed_estimators()
    if name and name not in names:
        text = _("“{name}” is not an installed estimator.").format(name=name)
        installed = (
            _("Installed: {names}.").format(names=", ".join(names)) if names else _("None is installed.")
        )
        raise InvalidInput(f"{text} {installed}")
