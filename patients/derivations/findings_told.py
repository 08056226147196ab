"""What CTCAE says of vital signs and electrocardiograms, from their numbers alone, beside the form.

A finding is proposed, never an adverse event: whether treatment was started, which CTCAE asks of some of
these terms too, the numbers do not tell.
"""

from collections.abc import Iterator
from decimal import Decimal

from patients.derivations.organ_function import DerivedValue, qtcf_values
from patients.derivations.results import baseline_until
from patients.derivations.told import Told
from patients.facts import Facts, Source, source
from patients.models import Electrocardiogram, Row, Subject, VitalSigns
from trials.clinical.ctcae import VERSIONS, Graded
from trials.clinical.ctcae.findings import fever, hypertension, qtc, weight_loss
from trials.clinical.ctcae.other_criteria import FEVER, QTC, WEIGHT_LOSS
from trials.clinical.undetermined import Undetermined
from trials.clinical.words import counted, measured

HYPERTENSION = "Hypertension"


def told_of_vital_signs(facts: Facts, form: VitalSigns) -> Iterator[Told]:
    """The grade of each reading of the blood pressure, of the temperature, and of the loss of weight."""
    version = _version(facts, form.subject)
    for row in facts.rows(form, "blood_pressures"):
        if version is None:
            yield _without_version(HYPERTENSION, row)
            continue
        graded = hypertension(
            systolic=_number(row.systolic), diastolic=_number(row.diastolic), version=version
        )
        yield _told(graded, "", (source(form, "systolic", row), source(form, "diastolic", row)), row)
    yield from _told_of_temperature(form, version)
    yield from _told_of_weight(facts, form, version)


def _told_of_temperature(form: VitalSigns, version: str | None) -> Iterator[Told]:
    temperature: Decimal | None = form.temperature
    if temperature is None:
        return
    if version is None:
        yield _without_version(FEVER)
        return
    graded = fever(temperature_celsius=temperature, version=version)
    yield _told(graded, "", (source(form, "temperature"),))


def told_of_electrocardiogram(facts: Facts, form: Electrocardiogram) -> Iterator[Told]:
    """The grade of the mean QTcF of the day, against the last day of baseline."""
    if not form.qtcf or not form.performed_on:
        return
    version = _version(facts, form.subject)
    if version is None:
        yield _without_version(QTC)
        return
    values, until = qtcf_values(facts, form.subject), baseline_until(facts, form.subject)
    of_day = [each for each in values if each.day == form.performed_on]
    before = [each for each in values if until is not None and each.day <= until < form.performed_on]
    for now in of_day:
        yield _of_mean(now, before[-1] if before else None, version)


def _of_mean(now: DerivedValue, before: DerivedValue | None, version: str) -> Told:
    if isinstance(now.value, Undetermined):
        return Told(QTC, "", now.value.sentence(), sources=now.sources)
    words = f"mean of {counted(len(now.sources), 'recording')} of the day: {measured(now.value, 'ms')}"
    if before is None:
        baseline, against, sources = None, "no baseline to compare with", now.sources
    elif isinstance(before.value, Undetermined):
        baseline, against, sources = None, f"the baseline {before.value.sentence()}", now.sources
    else:
        baseline, against = before.value, f"baseline {measured(before.value, 'ms')}"
        sources = (*now.sources, *before.sources)
    graded = qtc(qtc_ms=now.value, baseline_ms=baseline, version=version)
    return _told(graded, f"{words}; {against}", sources)


def _told_of_weight(facts: Facts, form: VitalSigns, version: str | None) -> Iterator[Told]:
    """Nothing up to the last day of baseline: there is no loss since baseline yet."""
    until = baseline_until(facts, form.subject)
    if form.weight is None or form.measured_on is None or until is None or form.measured_on <= until:
        return
    if version is None:
        yield _without_version(WEIGHT_LOSS)
        return
    known = [each for each in facts.forms(VitalSigns, form.subject) if each.weight is not None]
    before = [each for each in known if each.measured_on and each.measured_on <= until][-1:]
    weights = [each.weight for each in before]
    graded = weight_loss(weight_kg=form.weight, baseline_kg=weights[0] if weights else None, version=version)
    words = f"baseline {measured(weights[0], 'kg')} on {before[0].measured_on}" if before else ""
    yield _told(graded, words, tuple(source(each, "weight") for each in (form, *before)))


def _told(graded: Graded, words: str, sources: tuple[Source, ...], row: Row | None = None) -> Told:
    answer = "" if graded.grade is None else f"grade {graded.grade}"
    rule = graded.rule if graded.cannot is None else graded.cannot.sentence()
    return Told(graded.term, answer, "; ".join(each for each in (rule, words) if each), row, sources)


def _without_version(term: str, row: Row | None = None) -> Told:
    return Told(term, "", "cannot be determined: the study names no version of CTCAE with numbers", row)


def _version(facts: Facts, subject: Subject) -> str | None:
    version = facts.setting(subject, "ctcae_version")
    return str(version) if version in VERSIONS else None


def _number(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value)
