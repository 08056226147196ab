"""The laboratory panel: one sample, all tests of a panel, one line each."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _

from patients.admin.sheet import Sheet
from patients.models import Subject, Visit
from trials.clinical.words import printed_unit
from trials.models import Laboratory, LabTest, LabUnit, ReferenceRange, ScheduledForm

PANEL = "panel"


def panel_name(panel: str) -> str:
    """A panel as people read it.

    >>> panel_name("TUMOR_MARKERS")
    'Tumor markers'
    """
    return panel.replace("_", " ").capitalize()


def panels_of(subject: Subject) -> list[str]:
    """The panels of the study, in the order of their tests."""
    panels = (
        LabTest.objects.filter(study_id=subject.study_id).order_by("order").values_list("panel", flat=True)
    )
    return list(dict.fromkeys(panels))


def chosen_panel(request: HttpRequest, subject: Subject) -> str:
    """The panel named in the request, if the study has it; else empty."""
    named = request.POST.get("chosen_panel") or request.GET.get(PANEL, "")
    return named if named in panels_of(subject) else ""


def scheduled_panels(visit: Visit | None) -> list[str]:
    """The panels that the schedule asks for at this visit."""
    if visit is None or visit.definition_id is None:
        return []
    due = ScheduledForm.objects.filter(visit_id=visit.definition_id, form="LB").exclude(panel="")
    return list(due.order_by("pk").values_list("panel", flat=True))


def panel_lines(request: HttpRequest, subject: Subject) -> dict[str, list[dict[str, str]]]:
    """One line for each test of the chosen panel."""
    return lines_of_panel(subject, chosen_panel(request, subject))


def lines_of_panel(subject: Subject, panel: str | None) -> dict[str, list[dict[str, str]]]:
    """One line for each test of a panel, with the unit of the laboratory's own ranges.

    The unit stands in a field that the person sees and can change; it is stored only with a result.
    """
    if not panel:
        return {}
    tests = list(LabTest.objects.filter(study_id=subject.study_id, panel=panel).order_by("order"))
    units = _units_in_use(subject, tests)
    return {"results": [{"test": test.code, "unit": units.get(test.pk, test.unit)} for test in tests]}


def _units_in_use(subject: Subject, tests: list[LabTest]) -> dict[int, str]:
    """The unit in which the site's laboratory keeps its range, where it keeps exactly one."""
    found: dict[int, set[str]] = {}
    ranges = ReferenceRange.objects.filter(laboratory__site_id=subject.site_id, test__in=tests)
    for test_id, unit in ranges.values_list("test_id", "unit"):
        found.setdefault(test_id, set()).add(unit)
    return {test_id: next(iter(units)) for test_id, units in found.items() if len(units) == 1}


def sample_answers(request: HttpRequest, subject: Subject, visit: Visit | None) -> dict[str, str]:
    """The panel, the day of the visit, and the laboratory where the site has only one."""
    laboratories = list(Laboratory.objects.filter(site_id=subject.site_id)[:2])
    answers = {"panel": chosen_panel(request, subject)}
    if visit is not None and visit.occurred_on:
        answers["collected_on"] = visit.occurred_on.isoformat()
    if len(laboratories) == 1:
        answers["laboratory"] = laboratories[0].code
    return answers


def offer_units(sheet: Sheet, subject: Subject) -> None:
    """Let each line choose among the units of its own test."""
    tests = {test.code: test for test in LabTest.objects.filter(study_id=subject.study_id)}
    units: dict[int, list[str]] = {test.pk: [test.unit] if test.unit else [] for test in tests.values()}
    for test_id, code in LabUnit.objects.filter(test__in=tests.values()).values_list("test_id", "code"):
        if code not in units[test_id]:
            units[test_id].append(code)
    for rows in sheet.row_sets:
        for form in rows.formset.forms:
            test = tests.get(form["test"].value() or "")
            if test is not None and form.fields["test"].widget.is_hidden:
                _offer(form, units[test.pk])


def _offer(form: Any, units: list[str]) -> None:
    typed = form["unit"].value() or ""
    others = [typed] if typed and typed not in units else []
    choices = [
        ("", _("no unit") if not units else "—"),
        *[(unit, printed_unit(unit)) for unit in [*units, *others]],
    ]
    form.fields["unit"].widget = forms.Select(choices=choices)
