"""Correct a reference range and derive anew the flags that rest on it; its impact can be shown first."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError

from patients.actions.closed import refuse, why_form_closed
from patients.actions.reflag import Reflagged, reflag
from patients.fields import ClinicalField, CodedField, CountField, ExactDateField, QuantityField
from patients.marks import closures_over
from patients.models import LabResult, LabSample, Subject
from trials.actions.errors import Refused, Stale, WrongState
from trials.actions.given import needed, version_number
from trials.audit.recording import Act, recording
from trials.models import Chain, ReferenceRange, Sex, User
from trials.roles import Verb, require
from trials.text import shown

# The clinical fields refuse what the plain columns would let through or break on (true, 1_000, 20210314).
KINDS: Mapping[str, ClinicalField] = {
    "low": QuantityField(),
    "high": QuantityField(),
    "valid_from": ExactDateField(),
    "valid_to": ExactDateField(),
    "age_from": CountField(limits=(0, 150)),
    "age_to": CountField(limits=(0, 150)),
    "sex": CodedField(codelist=Sex),
}
CORRECTABLE = tuple(KINDS)


class _Shown(Exception):
    """Ends the transaction of a preview, so that nothing of it stays."""


def correct_range(
    *,
    actor: User,
    reference_range: ReferenceRange,
    version: int,
    changes: Mapping[str, Any],
    reason: str = "",
    dry_run: bool = False,
) -> list[Reflagged]:
    """Correct a range and derive the affected flags anew; returns every result that changes.

    With `dry_run` the same is computed and nothing is kept. Results of all sites that used the range, or
    that may use it now, are looked at; each casebook gets its own event with the same reason. One result
    that would change and is frozen or locked refuses the whole: a range is never corrected in part. Raises
    NotPermitted, ReasonRequired, Stale, Refused (naming the field), Closed (naming the samples; a preview
    marks them instead).
    """
    study, version = reference_range.study, version_number(version)
    role = require(actor, Verb.CORRECT_RANGE, study=study)
    reason = reason or "preview" if dry_run else needed(reason)
    if not isinstance(changes, Mapping):
        raise Refused("The changes must be an object of fields and their values.")
    unknown = [name for name in changes if name not in CORRECTABLE]
    if unknown:
        raise Refused({shown(name): ["cannot be changed here"] for name in unknown})
    # Every casebook of the site is locked: an entry that is under way would else keep the old range.
    subjects = {each.pk: each for each in Subject.objects.filter(site=reference_range.laboratory.site)}
    chains = Chain.objects.filter(pk__in={each.chain_id for each in subjects.values()} | {study.chain_id})
    changed: list[Reflagged] = []
    try:
        with recording(chains, Act(actor, role, "correct reference range", reason)):
            _apply(reference_range, version, changes)
            for sample in _samples(reference_range):
                if sample.subject_id not in subjects:
                    raise WrongState("A subject was enrolled in this moment; look at the impact again.")
                changed += reflag(sample, _results_of(sample, reference_range))
            changed = _with_closures(changed)
            if dry_run:
                raise _Shown
            refuse(each.closed for each in changed if each.closed)
    except _Shown:
        pass
    return changed


def _with_closures(changed: list[Reflagged]) -> list[Reflagged]:
    """The same results, those that are frozen or locked saying so."""
    closures = closures_over({each.result.parent.subject for each in changed})
    return [replace(each, closed=why_form_closed(closures, each.result.parent)) for each in changed]


def _samples(reference_range: ReferenceRange) -> list[LabSample]:
    """The samples of the laboratory that hold a result of the test: limits are converted between units."""
    affected = LabSample.objects.filter(
        laboratory=reference_range.laboratory,
        entered_in_error=False,
        results__test=reference_range.test,
        results__entered_in_error=False,
    )
    return list(
        affected.distinct().select_related("subject__chain", "subject__site", "subject__study", "visit")
    )


def _apply(reference_range: ReferenceRange, version: int, changes: Mapping[str, Any]) -> None:
    current = ReferenceRange.locked(pk=reference_range.pk)
    if current.version != version:
        raise Stale(current.version)
    for name, value in changes.items():
        setattr(current, name, _given(name, value))
    current.version += 1
    try:
        current.full_clean()
    except ValidationError as error:
        raise Refused(error.message_dict) from error
    current.save()


def _given(name: str, value: Any) -> Any:
    """One limit, age, day or sex as its column holds it. Raises Refused naming the field."""
    column = KINDS[name]
    try:
        cleaned = column.clean(value, None)
    except ValidationError as error:
        raise Refused({name: list(error.messages)}) from error
    return "" if name == "sex" and cleaned is None else cleaned


def _results_of(sample: LabSample, reference_range: ReferenceRange) -> list[LabResult]:
    return list(LabResult.objects.filter(parent=sample, test=reference_range.test, entered_in_error=False))
