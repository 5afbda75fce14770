"""Invariant check: does all hold that the queue promises? `./run manage verify_invariants`, at any size."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from labeling.management.invariants import INVARIANTS, breaches


class Command(BaseCommand):
    help = "Check the invariants of the queue, one line each. The exit code is 1 if one is broken."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        for invariant in INVARIANTS:
            started = perf_counter()
            violations = breaches(invariant)
            verdict, count = "BROKEN" if violations else "ok    ", sum(breach.count for breach in violations)
            self.stdout.write(
                f"{verdict} {invariant.number:2}  {invariant.promise}: {len(invariant.breaches)} checks, "
                f"{count} violations, {perf_counter() - started:.1f} s"
            )
            for breach in violations:
                self.stdout.write(f"          {breach.count} x {breach.what}: {', '.join(breach.examples)} …")
            broken += bool(violations)
        if broken:
            raise CommandError(f"{broken} of the invariants are broken.")
