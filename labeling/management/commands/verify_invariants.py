"""Invariant check: does all hold that the queue promises? `./run manage verify_invariants`, at any size."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from labeling.management.invariants import INVARIANTS, breaches


class Command(BaseCommand):
    help = "Check the invariants of the queue, one line each. The exit code is 1 if one is broken."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        for invariant in INVARIANTS:
            started = perf_counter()
            violations = breaches(invariant)
            self.stdout.write(
                _(
                    "{verdict} {number}  {promise}: {checks} checks, {count} violations, {seconds:.1f} s"
                ).format(
                    verdict=_("BROKEN") if violations else _("ok    "),
                    number=f"{invariant.number:2}",
                    promise=invariant.promise,
                    checks=len(invariant.breaches),
                    count=sum(breach.count for breach in violations),
                    seconds=perf_counter() - started,
                )
            )
            for breach in violations:
                self.stdout.write(f"          {breach.count} x {breach.what}: {', '.join(breach.examples)} …")
            broken += bool(violations)
        if broken:
            raise CommandError(_("{count} invariants are broken.").format(count=broken))
