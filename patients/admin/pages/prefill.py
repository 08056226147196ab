"""What a new form starts with: lines known beforehand, of which nothing is stored unless it is answered."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest

from patients.admin.addresses import add_url
from patients.admin.pages.laboratory import lines_of_panel, panel_lines, sample_answers
from patients.forms import definition, definitions
from patients.models import BodySystem, LesionRole, Subject, TumorLesion
from patients.selectors import allocation_of, current
from trials.models import AtomicCriterion

Lines = dict[str, list[dict[str, str]]]

PRESSURE_READINGS = 3
"""Exclusion criterion 5 asks for the mean of at least three readings."""


def criteria(request: HttpRequest, subject: Subject) -> Lines:
    """One line for every rule of the study's criteria."""
    rules = AtomicCriterion.objects.filter(study_id=subject.study_id).order_by("order")
    return {"answers": [{"rule": rule.code} for rule in rules]}


def drugs_of_the_arm(request: HttpRequest, subject: Subject) -> Lines:
    """One line for every drug of the subject's arm; a blank one before randomization."""
    allocation = allocation_of(subject)
    if allocation is None:
        return {}
    drugs = allocation.arm.regimen.select_related("drug").order_by("drug__code")
    return {"drugs": [{"drug": element.drug.code} for element in drugs]}


def pressure_readings(request: HttpRequest, subject: Subject) -> Lines:
    return {"blood_pressures": [{} for _reading in range(PRESSURE_READINGS)]}


def body_systems(request: HttpRequest, subject: Subject) -> Lines:
    """One line for every body system; what is none of them is added by hand."""
    return {"systems": [{"system": each.value} for each in BodySystem if each is not BodySystem.OTHER]}


def known_lesions(request: HttpRequest, subject: Subject) -> Lines:
    """One line for every lesion that an assessment follows, in the table of its role."""
    lesions = current(TumorLesion, subject).values_list("role", "repeat")
    return {
        name: [{"lesion": str(number)} for role, number in lesions if role in roles]
        for name, roles in FOLLOWED.items()
    }


FOLLOWED = {
    "measurements": (LesionRole.TARGET,),
    "non_targets": (LesionRole.NON_TARGET, LesionRole.NEW),
}
"""Which lesions the rows of a tumor assessment tell of."""


LINES: Mapping[str, Callable[[HttpRequest, Subject], Lines]] = {
    "AE": drugs_of_the_arm,
    "IE": criteria,
    "LB": panel_lines,
    "PE": body_systems,
    "PREX": drugs_of_the_arm,
    "TR": known_lesions,
    "VS": pressure_readings,
}


def lines_for(oid: str, request: HttpRequest, subject: Subject) -> Lines:
    """The lines that a new form of this kind starts with."""
    return LINES[oid](request, subject) if oid in LINES else {}


def lines_left(request: HttpRequest, record: Any) -> Lines:
    """The lines of that kind that a stored form does not have yet: rules, drugs, tests of its panel."""
    oid, subject = record.form.oid, record.subject
    offered = lines_of_panel(subject, record.panel) if oid == "LB" else lines_for(oid, request, subject)
    return {name: _without_those_of(record, name, lines) for name, lines in offered.items()}


def _without_those_of(record: Any, name: str, lines: list[dict[str, str]]) -> list[dict[str, str]]:
    keyed = KEYS.get(name)
    if keyed is None:
        return []
    key, address = keyed
    stored = getattr(record, name).filter(entered_in_error=False)
    present = {str(value) for value in stored.values_list(f"{key}__{address}", flat=True)}
    return [line for line in lines if line[key] not in present]


KEYS = {
    "answers": ("rule", "code"),
    "drugs": ("drug", "code"),
    "measurements": ("lesion", "repeat"),
    "non_targets": ("lesion", "repeat"),
    "results": ("test", "code"),
}
"""What a line is about and how that is addressed, by the name of the rows; readings of blood pressure are
about nothing else."""


def answers_for(oid: str, request: HttpRequest, subject: Subject, visit: Any) -> dict[str, str]:
    """Answers that a new form proposes, each shown and free to change: the day of the visit it belongs to."""
    if oid == "LB":
        return sample_answers(request, subject, visit)
    day = visit.occurred_on.isoformat() if visit is not None and visit.occurred_on else ""
    return {name: day for name in VISIT_DAYS.get(oid, ()) if day} | _named(oid, request)


def _named(oid: str, request: HttpRequest) -> dict[str, str]:
    """The record that the address names by its number: the form was opened from that record's page."""
    references = [item.name for item in definition(oid).asked if item.record_form is not None]
    return {name: request.GET[name] for name in references if name in request.GET}


def forms_that_name(record: Any) -> list[tuple[str, str]]:
    """Forms of the casebook that ask for a record of this kind, each with the page that starts with it."""
    return [
        (form.title, add_url(form.model, record.subject, None, **{item.name: str(record.repeat)}))
        for form in sorted(definitions(), key=lambda form: form.standing)
        for item in form.asked
        if item.record_form is type(record) and form.model is not type(record) and form.repeats
    ]


VISIT_DAYS = {
    "CV": ("performed_on",),
    "EC": ("given_on",),
    "ECOG": ("assessed_on",),
    "EG": ("performed_on",),
    "PE": ("examined_on",),
    "RP": ("performed_on",),
    "TR": ("first_scan_on",),
    "VS": ("measured_on",),
}
