"""The edit checks that run today, one small function each. The ids are those of the study's check list."""

from collections.abc import Iterator
from decimal import Decimal

from patients.checks.engine import Check, Hit
from patients.derivations.consent import consent_of
from patients.derivations.dose import planned_dose
from patients.facts import Facts
from patients.forms import definition_of
from patients.models import (
    AdverseEvent,
    CaseReportForm,
    DailyDosePeriod,
    Demographics,
    DoseAdministration,
    EntryState,
    LabSample,
    MedicalHistory,
    Severity,
    VitalSigns,
    YesNo,
)
from trials.clinical.age import agrees
from trials.clinical.partial_date import Truth, before, parse
from trials.text import plain


def age_contradicts_birth(form: Demographics, facts: Facts) -> Iterator[Hit]:
    """The stated age must be possible for the recorded month of birth on the day of consent."""
    consent = consent_of(facts, form.subject)
    if form.birth is None or form.age is None or consent is None or consent.signed_on is None:
        return
    if not agrees(form.age, parse(form.birth), consent.signed_on):
        yield Hit(
            "age",
            f"Age {form.age} is not possible for a birth in {form.birth} and consent on {consent.signed_on}.",
        )


def age_outside_protocol(form: Demographics, facts: Facts) -> Iterator[Hit]:
    study = form.subject.study
    if form.age is None or study.minimum_age is None or study.maximum_age is None:
        return
    if not study.minimum_age <= form.age <= study.maximum_age:
        yield Hit("age", f"The protocol asks for an age of {study.minimum_age} to {study.maximum_age} years.")


def range_is_missing(form: LabSample, facts: Facts) -> Iterator[Hit]:
    """A result without a range is kept and questioned; it is never taken for normal."""
    for row in facts.rows(form, "results"):
        rangeless = (
            getattr(row, "number", None) is not None and getattr(row, "reference_range_id", None) is None
        )
        if rangeless and row.test.has_ranges:
            yield Hit(
                "range_low", "No reference range of this laboratory, test and unit applies on this day.", row
            )


def unit_is_missing(form: LabSample, facts: Facts) -> Iterator[Hit]:
    for row in facts.rows(form, "results"):
        unitless = getattr(row, "number", None) is not None and not getattr(row, "unit", None)
        if unitless and row.test.unit:
            yield Hit("unit", "The result has no unit; none is assumed.", row)


def significance_is_missing(form: LabSample, facts: Facts) -> Iterator[Hit]:
    for row in facts.rows(form, "results"):
        abnormal = getattr(row, "flag", None) in ("LOW", "HIGH", "ABNORMAL")
        if abnormal and not getattr(row, "clinically_significant", None):
            yield Hit("clinically_significant", "The result is abnormal: is it clinically significant?", row)


def pressures_are_reversed(form: VitalSigns, facts: Facts) -> Iterator[Hit]:
    for row in facts.rows(form, "blood_pressures"):
        systolic, diastolic = getattr(row, "systolic", None), getattr(row, "diastolic", None)
        if systolic is not None and diastolic is not None and systolic <= diastolic:
            yield Hit("systolic", "The systolic pressure is not above the diastolic pressure.", row)


def dose_differs_without_reason(form: DoseAdministration, facts: Facts) -> Iterator[Hit]:
    given = form.dose if form.given == YesNo.YES else Decimal(0)
    if (
        form.planned_dose is None
        or given is None
        or form.difference
        or form.entry_state == EntryState.NOT_DONE
    ):
        return
    if given != form.planned_dose:
        yield Hit(
            "difference",
            f"Given {plain(given)} mg, planned {plain(form.planned_dose)} mg: please give the reason.",
        )


def daily_dose_differs_without_reason(form: DailyDosePeriod, facts: Facts) -> Iterator[Hit]:
    if form.planned_dose is None or form.dose is None or form.difference:
        return
    if form.dose != form.planned_dose:
        yield Hit(
            "difference",
            f"Taken {plain(form.dose)} mg, planned {plain(form.planned_dose)} mg: please give the reason.",
        )


def plan_rests_on_other_values(form: DoseAdministration | DailyDosePeriod, facts: Facts) -> Iterator[Hit]:
    """The planned dose stays as it was computed at entry; a weight corrected since then is pointed out."""
    day = form.given_on if isinstance(form, DoseAdministration) else form.started
    own = form.pk if isinstance(form, DailyDosePeriod) else None
    now = planned_dose(form.subject, form.drug_id, day, own=own)
    if now.dose != form.planned_dose:
        then = "none" if form.planned_dose is None else f"{plain(form.planned_dose)} mg"
        new = "none" if now.dose is None else f"{plain(now.dose)} mg"
        yield Hit("planned_dose", f"Planned at entry: {then}; from the values recorded now: {new}.")


def drug_is_not_of_the_arm(form: DoseAdministration | DailyDosePeriod, facts: Facts) -> Iterator[Hit]:
    allocation = facts.allocation(form.subject)
    if form.drug_id is None or allocation is None:
        return
    if not allocation.arm.regimen.filter(drug_id=form.drug_id).exists():
        yield Hit("drug", f"{form.drug} is not part of arm {allocation.arm.code}.")


def infusion_ends_before_it_starts(form: DoseAdministration, facts: Facts) -> Iterator[Hit]:
    if form.started_at and form.ended_at and form.ended_at <= form.started_at:
        yield Hit("ended_at", "The infusion ends before it starts.")


def ends_before_it_starts(form: CaseReportForm, facts: Facts) -> Iterator[Hit]:
    """Only what is certain: a partial date that may lie on either side is not questioned."""
    started, ended = getattr(form, "started", None), getattr(form, "ended", None)
    if started is None or ended is None:
        return
    if before(str(ended), str(started)) is Truth.YES:
        yield Hit("ended", f"The end ({ended}) lies before the start ({started}).")


def ongoing_contradicts_end(form: AdverseEvent | MedicalHistory, facts: Facts) -> Iterator[Hit]:
    if form.ongoing == YesNo.YES and form.ended:
        yield Hit("ongoing", "Ongoing, and yet an end is given.")


def seriousness_is_contradictory(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    boxes = ("results_in_death", "life_threatening", "hospitalization", "disability", "congenital_anomaly")
    ticked = any(getattr(form, box) == YesNo.YES for box in (*boxes, "medically_important"))
    if form.serious == YesNo.YES and not ticked:
        yield Hit("serious", "Serious, but no criterion of seriousness is answered yes.")
    if form.serious == YesNo.NO and ticked:
        yield Hit("serious", "A criterion of seriousness is answered yes, but the event is not serious.")


def death_is_contradictory(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    signs = {form.grade == "5", form.outcome == "FATAL", form.results_in_death == YesNo.YES}
    if len(signs) > 1 and form.grade and form.outcome:
        yield Hit("outcome", "Grade 5, outcome fatal and “results in death” must agree.")


def causality_is_missing(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    """From randomization on, causality and action are asked for every drug of the arm."""
    allocation = facts.allocation(form.subject)
    if allocation is None or form.entry_state == EntryState.NOT_DONE or form.started is None:
        return
    if before(form.started, allocation.randomized_on.isoformat()) is Truth.YES:
        return
    answered = {row.drug_id for row in facts.rows(form, "drugs")}
    elements = allocation.arm.regimen.select_related("drug").order_by("drug__code")
    missing = [str(element.drug) for element in elements if element.drug_id not in answered]
    if missing:
        yield Hit("causality", f"Relation and action are not given for {', '.join(missing)}.")


def start_lies_before_consent(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    consent = consent_of(facts, form.subject)
    if consent is None or form.started is None or consent.signed_on is None:
        return
    if before(form.started, consent.signed_on.isoformat()) is Truth.YES:
        yield Hit("started", f"The event starts before consent ({consent.signed_on}): is it medical history?")


def value_is_unusual(form: CaseReportForm, facts: Facts) -> Iterator[Hit]:
    """Any question with usual limits: a value outside is recorded and questioned."""
    for item in definition_of(type(form)).asked:
        value, usual = getattr(form, item.attname), item.meaning.usual
        if usual is not None and value is not None and not Decimal(usual[0]) <= value <= Decimal(usual[1]):
            unit = f" {item.meaning.unit}" if item.meaning.unit else ""
            yield Hit(
                item.name, f"{item.question}: {plain(Decimal(value))}{unit} is unusual; please confirm."
            )


CHECKS = (
    Check("EC01a", ("DM",), Severity.HARD, age_contradicts_birth, rests_on=("IC",)),
    Check("EC01b", ("DM",), Severity.HARD, age_outside_protocol),
    Check("EC08a", ("LB",), Severity.HARD, range_is_missing),
    Check("EC08b", ("LB",), Severity.HARD, unit_is_missing),
    Check("EC09", ("LB",), Severity.SOFT, significance_is_missing),
    Check("EC12a", ("VS",), Severity.HARD, pressures_are_reversed),
    Check("EC12b", ("VS",), Severity.SOFT, value_is_unusual),
    Check("EC12c", ("EC",), Severity.HARD, plan_rests_on_other_values, rests_on=("VS",)),
    Check("EC12d", ("ECD",), Severity.HARD, plan_rests_on_other_values, rests_on=("VS", "ECD")),
    Check("EC13", ("ECD",), Severity.SOFT, daily_dose_differs_without_reason),
    Check("EC15a", ("EC",), Severity.HARD, drug_is_not_of_the_arm),
    Check("EC15b", ("ECD",), Severity.HARD, drug_is_not_of_the_arm),
    Check("EC16", ("EC",), Severity.SOFT, dose_differs_without_reason),
    Check("EC18", ("EC",), Severity.HARD, infusion_ends_before_it_starts),
    Check("EC21a", ("AE",), Severity.HARD, ends_before_it_starts),
    Check("EC21b", ("AE",), Severity.HARD, ongoing_contradicts_end),
    Check("EC21c", ("AE",), Severity.HARD, start_lies_before_consent, rests_on=("IC",)),
    Check("EC21d", ("CM",), Severity.HARD, ends_before_it_starts),
    Check("EC21e", ("ECD",), Severity.HARD, ends_before_it_starts),
    Check("EC22", ("AE",), Severity.HARD, death_is_contradictory),
    Check("EC23", ("AE",), Severity.HARD, seriousness_is_contradictory),
    Check("EC26", ("AE",), Severity.HARD, causality_is_missing),
    Check("EC39", ("MH",), Severity.SOFT, ongoing_contradicts_end),
)
