"""The whole casebook of a subject as JSON."""

from collections.abc import Mapping
from typing import Any

from patients.api.marks import shown_marks
from patients.api.signed import shown_signatures, signatures_by_form
from patients.fields import WITHHELD
from patients.forms import definitions
from patients.marks import FormKey, FormPlace, marks_of
from patients.models import Subject, Visit
from patients.withheld import STATED, entry_withheld
from trials.audit.canonical import canonical_value
from trials.models import Arm
from trials.models.audit import NUMBER_BITS


def shown_casebook(subject: Subject, snapshot: Mapping[str, Any], *, whole: bool) -> dict[str, Any]:
    """A snapshot of `patients.casebook.casebook`: forms by their path, visits, cycles, allocation.

    `whole` False: as a de-identified reader sees it.
    """
    held, last = snapshot["subject"], snapshot.get("last_event")
    signed, marks = signatures_by_form(snapshot), _marks(subject, snapshot)
    return {
        "subject": subject.code,
        "study": subject.study.code,
        "site": subject.site.code,
        "as_of": snapshot["as_of"],
        "event": last % 2**NUMBER_BITS if last else None,
        "status": held.status if held else None,
        "screened_on": held.screened_on if held else None,
        "version": held.version if held else None,
        "allocation": shown_allocation(snapshot["allocation"]),
        "cycles": [_plain(cycle, "number", "planned_on", "started_on") for cycle in snapshot["cycles"]],
        "visits": [_visit(visit, whole) for visit in snapshot["visits"]],
        "signatures": shown_signatures(snapshot),
        "forms": {
            form.path: [
                shown_entry(each if whole else entry_withheld(form, each))
                | {"signatures": signed.get((form.oid, each["id"]), [])}
                | marks.get((form.oid, each["id"]), {})
                for each in snapshot["forms"].get(form.oid, [])
            ]
            for form in definitions()
        },
    }


def _marks(subject: Subject, snapshot: Mapping[str, Any]) -> dict[FormKey, dict[str, Any]]:
    """The marks of each form as they stand now; none for a casebook as of another instant."""
    if snapshot["as_of"] is not None:
        return {}
    visits = {visit.code: visit.id for visit in snapshot["visits"]}
    places = [
        FormPlace((oid, each["id"]), subject, visits.get(each["visit"]))
        for oid, forms in snapshot["forms"].items()
        for each in forms
    ]
    return {key: {"marks": shown_marks(marks)} for key, marks in marks_of(places).items()}


VISIT = (
    "code",
    "title",
    "status",
    "planned_on",
    "window_from",
    "window_to",
    "occurred_on",
    "missed_reason",
    "unscheduled_reason",
    "version",
)


def shown_allocation(allocation: Any) -> dict[str, Any] | None:
    if allocation is None:
        return None
    arm = Arm.objects.get(pk=allocation.arm_id)
    shown = {"arm": arm.code, "randomized_on": allocation.randomized_on}
    return {**shown, "stratum": allocation.stratum} if allocation.stratum else shown


def shown_entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A form with its answers and rows laid out as its own resource shows them."""
    own = {name: value for name, value in entry.items() if name not in ("answers", "rows")}
    rows = {
        name: [
            {"repeat": row["repeat"], "missing_reasons": row["missing_reasons"], **_values(row["answers"])}
            for row in of_name
            if not row["entered_in_error"]
        ]
        for name, of_name in entry["rows"].items()
    }
    return {**own, **_values(entry["answers"]), **rows}


def _visit(visit: Any, whole: bool) -> dict[str, Any]:
    shown = _plain(visit, *VISIT)
    typed = {} if whole else {name: WITHHELD for name in STATED[Visit] if shown[name]}
    return {**shown, **typed}


def _plain(row: Any, *names: str) -> dict[str, Any]:
    return _values({name: getattr(row, name) for name in names})


def _values(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Answers as JSON: decimals as they stand in the audit's canonical form, NULL kept."""
    return {name: _value(value) for name, value in answers.items()}


def _value(value: Any) -> Any:
    shown = canonical_value(value)
    return shown.removesuffix(":00") if hasattr(value, "hour") and not hasattr(value, "year") else shown
