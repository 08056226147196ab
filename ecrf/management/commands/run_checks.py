"""`manage.py run_checks [--study CODE] [--subject CODE ...]`"""

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from patients.actions.queries import Tally, run_checks
from patients.checks.casebook import CHECKS
from patients.models import Query, QueryState, RaisedBy, Severity, Subject
from trials.models import User


class Command(BaseCommand):
    help = "Run every edit check on every casebook: raise what is new, close what was mended, count the rest."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--study", default="", help="code of the study; without it every study")
        parser.add_argument("--subject", nargs="*", default=[], help="codes of subjects; without it all")

    def handle(self, *, study: str, subject: list[str], **options: Any) -> None:
        subjects = Subject.objects.select_related("study", "site", "chain").order_by("code")
        if study:
            subjects = subjects.filter(study__code=study)
        if subject:
            subjects = subjects.filter(code__in=subject)
        if not subjects.exists():
            raise CommandError("There is no such subject.")
        tallies = run_checks(actor=User.objects.system_user(), subjects=subjects)
        for line in _counts(list(subjects)):
            self.stdout.write(line)
        tally = sum(tallies.values(), Tally())
        self.stdout.write(f"{len(tallies)} casebooks, {len(CHECKS)} checks, {tally.closed} closed")
        self.stdout.write(f"{tally.raised} new")


def _counts(subjects: list[Subject]) -> list[str]:
    """One line for each check with open or settled queries, and their sum."""
    asked = Query.objects.filter(subject__in=subjects, raised_by=RaisedBy.CHECK)
    pending = asked.filter(state__in=QueryState.pending())
    counted = Counter(pending.values_list("check_id", "state"))
    lines = [f"{'check':<8} {'kind':<5} {'open':>5} what is asked"] if counted else []
    for check in sorted(CHECKS, key=lambda check: check.id):
        there = sum(counted[check.id, state] for state in QueryState.waiting())
        settled = counted[check.id, QueryState.ACCEPTED]
        if there or settled:
            severity = Severity(check.severity).value.lower()
            more = f" (and {settled} settled)" if settled else ""
            lines.append(f"{check.id:<8} {severity:<5} {there:>5} {check.asks}{more}")
    return [*lines, f"{sum(counted.values())} queries"]
