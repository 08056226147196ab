"""Checks of concomitant medication against what the protocol does not allow."""

from collections.abc import Iterator
from datetime import date, timedelta

from patients.checks.engine import Check, Hit
from patients.derivations.doses_taken import dose_goes_on, first_dose_day, last_dose_day
from patients.derivations.participation import end_of_treatment
from patients.facts import Facts
from patients.models import ConcomitantMedication, DeviationCategory, Severity, Subject
from patients.models.base import is_yes
from patients.reading import read
from trials.clinical.medication_name import matching_name
from trials.clinical.partial_date import Truth
from trials.clinical.reading import any_of
from trials.clinical.stretch import NEVER_ENDED, Stretch, stretch
from trials.models import ProhibitedMedication


def medication_is_prohibited(form: ConcomitantMedication, facts: Facts) -> Iterator[Hit]:
    """By its name, and certainly taken in the days for which the protocol forbids it."""
    if not form.medication or not form.started:
        return
    taken = _taken(form)
    for each in facts.once(_prohibited, form.subject):
        name = matching_name(form.medication, each.names)
        if name is not None and _in_force(each, taken, facts, form.subject) is Truth.YES:
            unless = f" Allowed: {each.exception}." if each.exception else ""
            yield Hit(
                "medication", f"Not allowed by the protocol in these days: {each.title} ({name}).{unless}"
            )
            return


def _prohibited(facts: Facts, subject: Subject) -> list[ProhibitedMedication]:
    return read(ProhibitedMedication, facts.moment.as_of, study_id=subject.study_id)


def _taken(form: ConcomitantMedication) -> Stretch:
    ongoing = is_yes(form.ongoing)
    return stretch(form.started, form.ended, ongoing=ongoing)


def _in_force(each: ProhibitedMedication, taken: Stretch, facts: Facts, subject: Subject) -> Truth:
    """Whether it was taken while the protocol forbade it and in the subject's days of treatment."""
    first, last = first_dose_day(facts, subject), _last_day_of_treatment(facts, subject)
    if first is None:
        return Truth.UNKNOWN
    forbidden = []
    if each.during_treatment:
        forbidden.append((first, last))
    if each.days_before_first_dose:
        forbidden.append((first - timedelta(days=each.days_before_first_dose), first - timedelta(days=1)))
    valid = each.valid_from, each.valid_to or NEVER_ENDED
    return any_of(*(_taken_within(taken, max(day, valid[0]), min(end, valid[1])) for day, end in forbidden))


def _last_day_of_treatment(facts: Facts, subject: Subject) -> date:
    """The last dose of any study drug, once treatment with all of them has ended."""
    if end_of_treatment(facts, subject) is None or dose_goes_on(facts, subject):
        return NEVER_ENDED
    return last_dose_day(facts, subject) or NEVER_ENDED


def _taken_within(taken: Stretch, first: date, last: date) -> Truth:
    return Truth.NO if last < first else taken.overlaps(Stretch((first, first), (last, last)))


CHECKS = (
    Check(
        "PM01",
        ("CM",),
        Severity.HARD,
        medication_is_prohibited,
        rests_on=("EC", "ECD", "DS", "WD"),
        asks="No medication is taken that the protocol does not allow in those days.",
        drafts=DeviationCategory.PROHIBITED,
    ),
)
