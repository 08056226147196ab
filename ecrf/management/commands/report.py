"""`manage.py report efficacy [--cutoff DATE] [--as-of INSTANT] [--censoring FDA|EMA] [--format text|json]`"""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder

from ecrf.reports.asked import NotAsked, day, instant, rules_of
from ecrf.reports.choices import UnknownChoice
from ecrf.reports.efficacy import Efficacy, efficacy, study_choices
from ecrf.reports.shown import efficacy_as_json
from ecrf.reports.text import efficacy_as_text
from patients.facts import Moment
from patients.models import Subject
from trials.clinical.endpoints.rules import Censoring
from trials.models import Study

REPORTS = ("efficacy",)
FORMATS = ("text", "json")


class Command(BaseCommand):
    help = "Print a report about all subjects of a study."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", choices=REPORTS)
        parser.add_argument("--study", default="", help="code of the study, where there are several")
        parser.add_argument(
            "--cutoff", default=None, metavar="DATE", help="clinical day: later facts are left out"
        )
        parser.add_argument("--as-of", metavar="INSTANT", help="what the database held then")
        parser.add_argument("--censoring", choices=[each.value for each in Censoring])
        parser.add_argument("--format", default="text", choices=FORMATS)

    def handle(self, **options: Any) -> None:
        study = the_study(options["study"])
        try:
            moment = Moment(instant(options["as_of"]), day(options["cutoff"]))
            subjects = Subject.objects.filter(study=study).select_related("site", "study").order_by("code")
            chosen, censoring = study_choices(study, moment), rules_of(options["censoring"])
        except (NotAsked, UnknownChoice) as error:
            raise CommandError(str(error)) from None
        report = efficacy(
            study, list(subjects), "all sites", moment, chosen.under(censoring) if censoring else chosen
        )
        self.stdout.write(_written(report, options["format"]), ending="")


def the_study(code: str) -> Study:
    """The study with a code, or the only one. Raises CommandError."""
    studies = list(Study.objects.filter(code=code) if code else Study.objects.order_by("code"))
    if not studies:
        raise CommandError(f"There is no study {code}." if code else "There is no study.")
    if len(studies) > 1:
        raise CommandError(f"Name the study with --study: {', '.join(study.code for study in studies)}.")
    return studies[0]


def _written(report: Efficacy, form: str) -> str:
    if form == "text":
        return efficacy_as_text(report)
    return json.dumps(efficacy_as_json(report), cls=DjangoJSONEncoder, indent=2, ensure_ascii=False) + "\n"
