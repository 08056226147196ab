"""Courses of the drugs that the protocol gives a limited number of times: too many, the last, too few."""

from collections.abc import Sequence
from dataclasses import dataclass

from patients.derivations.dose import element_of, regimen_of
from patients.derivations.dose_history import administrations
from patients.derivations.dose_settings import after_courses_of_others
from patients.derivations.exposure import course_numbers, exposure_to
from patients.derivations.participation import drug_ends
from patients.facts import Facts
from patients.models import (
    Cycle,
    Disposition,
    DispositionReason,
    DispositionScope,
    DoseAdministration,
    Subject,
)
from trials.clinical.dose_settings import Onward
from trials.clinical.undetermined import Undetermined
from trials.models import RegimenElement


@dataclass(frozen=True)
class ExcessCourse:
    """A course beyond those that the protocol allows: what is asked about its first dose."""

    form: DoseAdministration
    number: int
    words: str


def excess_courses(facts: Facts, subject: Subject) -> list[ExcessCourse]:
    """Courses that were given beyond the most that the regimen allows, each with its first dose.

    They are recorded as any other; a query and a drafted deviation follow from them.
    """
    found: list[ExcessCourse] = []
    for element in regimen_of(facts, subject):
        most = element.maximum_cycles
        if most is None:
            continue
        given = [form for form in administrations(facts, subject, element.drug) if form.was_given]
        first: dict[int, DoseAdministration] = {}
        for form, number in zip(given, course_numbers(element, given), strict=True):
            first.setdefault(number, form)
        found += [
            ExcessCourse(
                form,
                number,
                f"{element.drug} was given in course {number}; the protocol allows {most} courses.",
            )
            for number, form in first.items()
            if number > most
        ]
    return found


def courses_begun(facts: Facts, subject: Subject, element: RegimenElement) -> int:
    """The courses of a drug so far: those given, and cycles that began of which nothing is recorded yet.

    A cycle in which the drug was left out altogether is none.
    """
    forms = administrations(facts, subject, element.drug)
    given = [form for form in forms if form.was_given]
    begun = [each for each in facts.cycles(subject) if each.started_on is not None]
    untold = [each for each in begun if not any(_is_of(form, each, begun) for form in forms)]
    return max(course_numbers(element, given), default=0) + len(untold)


def _is_of(form: DoseAdministration, cycle: Cycle, begun: Sequence[Cycle]) -> bool:
    """Whether a dose belongs to a cycle: by its visit, or given outside any while the cycle ran."""
    if form.visit is not None and form.visit.cycle is not None:
        return form.visit.cycle.pk == cycle.pk
    before = [
        each for each in begun if each.started_on and form.given_on and each.started_on <= form.given_on
    ]
    return bool(before) and max(before, key=lambda each: each.number).pk == cycle.pk


def why_no_further_cycle(facts: Facts, subject: Subject) -> str:
    """Why the courses of the regimen allow no further cycle as it stands; empty where they do.

    A drug that has had its last course is ended first: cycles then go on with the other drugs of the arm.
    """
    capped = [each for each in regimen_of(facts, subject) if each.maximum_cycles is not None]
    ends = drug_ends(facts, subject)
    full = [
        each for each in capped if each.drug_id not in ends and _had_the_last_course(facts, subject, each)
    ]
    if full:
        names = " and ".join(each.drug.name for each in full)
        onward = _onward(facts, subject)
        further = f" Cycles then go on with {' and '.join(onward)}." if onward else ""
        return (
            f"{names} had the last of at most {full[0].maximum_cycles} courses; a further course is not "
            f"planned. Record the end of treatment with {names}.{further}"
        )
    if capped and all(each.drug_id in ends for each in capped):
        return _why_nothing_follows(facts, subject, " and ".join(each.drug.name for each in capped))
    return ""


def _had_the_last_course(facts: Facts, subject: Subject, element: RegimenElement) -> bool:
    last = element.maximum_cycles
    return last is not None and courses_begun(facts, subject, element) >= last


def _why_nothing_follows(facts: Facts, subject: Subject, names: str) -> str:
    """Why no cycle follows the last courses of the drugs that are named; empty where one does."""
    without = [each.drug for each in regimen_of(facts, subject) if each.maximum_cycles is None]
    decided = [after_courses_of_others(facts, subject, drug) for drug in without]
    if Onward.CONTINUE_TO_PROGRESSION in decided or not without:
        return ""
    undecided = [each for each in decided if isinstance(each, Undetermined)]
    if undecided:
        return f"Whether treatment goes on after the last course of {names} {undecided[0].sentence()}."
    return f"Treatment ends with the last course of {names}, as the study has decided."


def _onward(facts: Facts, subject: Subject) -> list[str]:
    """The drugs of the arm that go on after the last courses of the others."""
    without = [each.drug for each in regimen_of(facts, subject) if each.maximum_cycles is None]
    return [
        drug.name
        for drug in without
        if after_courses_of_others(facts, subject, drug) is Onward.CONTINUE_TO_PROGRESSION
    ]


def early_end(facts: Facts, form: Disposition) -> str:
    """What is asked about the end of a drug before its least number of courses; empty where nothing is.

    Ending early needs a reason, and having completed the treatment is none.
    """
    if form.scope != DispositionScope.TREATMENT or form.drug_id is None:
        return ""
    element = element_of(facts, form.subject, form.drug_id)
    if element is None or element.minimum_cycles is None:
        return ""
    had = exposure_to(facts, form.subject, element).courses
    given = len([began for _number, began in had if form.ended_on is None or began <= form.ended_on])
    if given >= element.minimum_cycles or form.reason not in (None, DispositionReason.COMPLETED):
        return ""
    return (
        f"{form.drug} ended after {given} of at least {element.minimum_cycles} courses: please give the "
        "reason; the treatment is not completed."
    )
