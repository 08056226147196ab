"""Checks of when doses are given: the start of treatment, the days of a course, the number of courses."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from patients.checks.engine import VISIT, Check, Hit
from patients.derivations.courses import early_end, excess_courses
from patients.derivations.dose import element_of, regimen_of
from patients.derivations.dose_history import administrations
from patients.derivations.doses_taken import Dose, first_day, first_day_field, first_dose
from patients.derivations.exposure import course_numbers
from patients.facts import Facts
from patients.models import (
    DeviationCategory,
    Disposition,
    DoseAdministration,
    Severity,
    Subject,
)
from trials.clinical.words import counted
from trials.models import Anchor, RegimenElement, VisitDefinition


@dataclass(frozen=True)
class InCourse:
    """Where a dose stands: course of its drug from 1, first day of that course and of the one before it.

    `first_form`: the first dose of the drug in the course.
    """

    course: int
    began: date
    began_before: date | None
    first_form: int
    earlier: tuple[date, ...]


# ---------------------------------------------------------------- start of treatment
def given_before_randomization(form: Dose, facts: Facts) -> Iterator[Hit]:
    day = first_day(form)
    if day is None or not form.was_given:
        return
    allocation = facts.allocation(form.subject)
    if allocation is None:
        yield Hit(
            first_day_field(form), "A study drug was given, but the subject is not randomized: please check."
        )
    elif day < allocation.randomized_on:
        yield Hit(
            first_day_field(form),
            f"Given on {day}, before randomization ({allocation.randomized_on}): is the day right?",
        )


def first_dose_was_late(form: Dose, facts: Facts) -> Iterator[Hit]:
    """Asked at the first dose of all."""
    allocation, within = facts.allocation(form.subject), facts.setting(form.subject, "first_dose_within_days")
    first = first_dose(facts, form.subject)
    if allocation is None or within is None or first is None or first.form != form:
        return
    due = allocation.randomized_on + timedelta(days=within)
    if first.first > due:
        yield Hit(
            first_day_field(form),
            f"First dose on {first.first}; after randomization on {allocation.randomized_on} it was due by "
            f"{due}. Why was it late?",
        )


# ---------------------------------------------------------------- courses
def course_is_beyond_the_last(form: DoseAdministration, facts: Facts) -> Iterator[Hit]:
    """What was given is recorded; asked once for each drug and course."""
    for each in facts.once(excess_courses, form.subject):
        if each.form == form:
            yield Hit("given_on", each.words)


def day_of_the_course_is_another(form: DoseAdministration, facts: Facts) -> Iterator[Hit]:
    """Each day of the cycle has a window in the schedule; a second dose on the same day has none."""
    place, element = _place(form, facts)
    if place is None or element is None:
        return
    windows = facts.once(_windows, form.subject)
    if any(day not in windows for day in element.days):
        return
    day = _day_of_cycle(form.given_on, place, element, windows)
    if day is None:
        days = " and ".join(str(each) for each in sorted(element.days))
        since = (form.given_on - place.began).days + 1
        yield Hit(
            "given_on",
            f"Given on day {since} of course {place.course}, which began on {place.began}; {form.drug} is "
            f"given on day {days}: is the day right?",
        )
    elif day in {_day_of_cycle(each, place, element, windows) for each in place.earlier}:
        yield Hit(
            "given_on", f"A second dose for day {day} of course {place.course} of {form.drug}: was it given?"
        )


def course_began_early(form: DoseAdministration, facts: Facts) -> Iterator[Hit]:
    """From one day 1 to the next at least the length of a cycle, less the window of day 1."""
    place, element = _place(form, facts)
    if place is None or element is None or place.began_before is None or place.first_form != form.pk:
        return
    window = facts.once(_windows, form.subject).get(1)
    if window is None or not element.cycle_length_days:
        return
    since, least = (place.began - place.began_before).days, element.cycle_length_days - window[0]
    if since < least:
        yield Hit(
            "given_on",
            f"Course {place.course} began {counted(since, 'day')} after the one before it "
            f"({place.began_before}), but a course begins {least} days after it or later: is the day right?",
        )


def courses_were_too_few(form: Disposition, facts: Facts) -> Iterator[Hit]:
    """Who had fewer courses than the protocol asks for did not complete them."""
    if why := early_end(facts, form):
        yield Hit("reason", why)


def _place(form: DoseAdministration, facts: Facts) -> tuple[InCourse | None, RegimenElement | None]:
    element = element_of(facts, form.subject, form.drug_id) if form.drug_id is not None else None
    return facts.once(_in_courses, form.subject).get(form.pk), element


def _in_courses(facts: Facts, subject: Subject) -> dict[int, InCourse]:
    """Every dose that was given of a drug of the arm with cycles, by the key of its form."""
    found: dict[int, InCourse] = {}
    for element in regimen_of(facts, subject):
        if element.cycle_length_days and element.days:
            found |= _of_drug(facts, subject, element)
    return found


def _of_drug(facts: Facts, subject: Subject, element: RegimenElement) -> dict[int, InCourse]:
    given = [form for form in administrations(facts, subject, element.drug) if form.was_given]
    together: dict[int, list[DoseAdministration]] = {}
    for number, form in zip(course_numbers(element, given), given, strict=True):
        together.setdefault(number, []).append(form)
    began = {number: _began(forms) for number, forms in together.items()}
    return {
        form.pk: InCourse(
            number,
            began[number],
            began.get(number - 1),
            forms[0].pk,
            tuple(each.given_on for each in forms[:place]),
        )
        for number, forms in together.items()
        for place, form in enumerate(forms)
    }


def _began(forms: list[DoseAdministration]) -> date:
    """Day 1 of the cycle; of a course outside any cycle its first dose.

    A dose that lies before the day 1 of its own cycle began the course.
    """
    first: date = forms[0].given_on
    cycle = forms[0].visit.cycle if forms[0].visit is not None else None
    return min(first, cycle.started_on) if cycle is not None and cycle.started_on is not None else first


Windows = dict[int, tuple[int, int]]
"""By the day of the cycle: the days before and after it that the schedule allows."""


def _windows(facts: Facts, subject: Subject) -> Windows:
    allocation = facts.allocation(subject)
    days = VisitDefinition.objects.filter(study_id=subject.study_id, anchor=Anchor.CYCLE)
    arm = allocation.arm_id if allocation is not None else None
    return {
        each.day: (each.window_before_days, each.window_after_days)
        for each in days
        if each.arm_id in (None, arm)
    }


def _day_of_cycle(given_on: date, place: InCourse, element: RegimenElement, windows: Windows) -> int | None:
    """The treatment day in whose window a dose lies, the nearest of several; None for none."""
    since = (given_on - place.began).days + 1
    near = [day for day in element.days if -windows[day][0] <= since - day <= windows[day][1]]
    return min(near, key=lambda day: abs(since - day), default=None)


CHECKS = (
    Check(
        "EC04b",
        ("EC", "ECD"),
        Severity.HARD,
        given_before_randomization,
        asks="No study drug is given before randomization.",
    ),
    Check(
        "EC04c",
        ("EC", "ECD"),
        Severity.HARD,
        first_dose_was_late,
        rests_on=("EC", "ECD"),
        asks="Treatment begins within the days after randomization that the study sets.",
        drafts=DeviationCategory.DOSING,
    ),
    Check(
        "EC17a",
        ("EC",),
        Severity.HARD,
        course_is_beyond_the_last,
        rests_on=("EC",),
        asks="No more courses are given than the protocol allows.",
        drafts=DeviationCategory.DOSING,
    ),
    Check(
        "EC17b",
        ("EC",),
        Severity.HARD,
        day_of_the_course_is_another,
        rests_on=("EC", VISIT),
        asks="A drug is given on its days of the cycle, once on each.",
    ),
    Check(
        "EC17c",
        ("EC",),
        Severity.HARD,
        course_began_early,
        rests_on=("EC", VISIT),
        asks="A course does not begin before the one before it is over.",
    ),
    Check(
        "EC17d",
        ("DS",),
        Severity.HARD,
        courses_were_too_few,
        rests_on=("EC",),
        asks="Fewer courses than the protocol asks for have a reason.",
    ),
)
