"""Reports on the command line.

`manage.py report efficacy [--cutoff DATE] [--as-of INSTANT] [--censoring FDA|EMA] [--format text|json]`
`manage.py report access [--on DATE] [--as-of INSTANT] [--format text|json|csv]`
"""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder

from ecrf.reports.access import FORMATS as ACCESS_FORMATS
from ecrf.reports.asked import NotAsked, day, instant, rules_of
from ecrf.reports.choices import UnknownChoice
from ecrf.reports.efficacy import Efficacy, efficacy, study_choices
from ecrf.reports.shown import efficacy_as_json
from ecrf.reports.text import efficacy_as_text
from patients.facts import Moment
from patients.models import Subject
from trials.access import holders_on, today
from trials.actions.errors import Refused
from trials.actions.given import day as given_day
from trials.clinical.endpoints.rules import Censoring
from trials.models import Study

REPORTS = ("efficacy", "access")
FORMATS = ("text", "json", "csv")


class Command(BaseCommand):
    help = "Print a report about all subjects of a study, or about who has which role in it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", choices=REPORTS)
        parser.add_argument("--study", default="", help="code of the study, where there are several")
        parser.add_argument(
            "--cutoff", default=None, metavar="DATE", help="clinical day: later facts are left out"
        )
        parser.add_argument("--on", metavar="DATE", help="of access: the day asked about; today without it")
        parser.add_argument("--as-of", metavar="INSTANT", help="what the database held then")
        parser.add_argument("--censoring", choices=[each.value for each in Censoring])
        parser.add_argument("--format", default="text", choices=FORMATS)

    def handle(self, **options: Any) -> None:
        study = the_study(options["study"])
        if options["name"] == "access":
            self.stdout.write(access(study, options), ending="")
            return
        if options["format"] not in ("text", "json") or options["on"]:
            raise CommandError("--on and --format csv are of the report access.")
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


def access(study: Study, options: dict[str, Any]) -> str:
    """The report of roles on a day. Raises CommandError."""
    if options["cutoff"] or options["censoring"]:
        raise CommandError("--cutoff and --censoring are of the report efficacy.")
    try:
        on = given_day("on", options["on"]) if options["on"] else today()
        holders = holders_on(on, [study], as_of=instant(options["as_of"]))
    except (NotAsked, Refused) as error:
        raise CommandError(str(error)) from None
    return ACCESS_FORMATS[options["format"]](on, holders)


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
