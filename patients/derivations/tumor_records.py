"""Tumor lesions and assessments as the rules of RECIST take them: from forms to plain values.

Nothing is completed: what contradicts itself or has no date is left out and said.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from patients.facts import Facts, Source, source
from patients.models import (
    Certainty,
    EntryState,
    LesionRole,
    MissingReason,
    Organ,
    Subject,
    TumorAssessment,
    TumorLesion,
    YesNo,
)
from patients.models.base import is_yes
from trials.clinical.recist.counting import AfterCompleteResponse, Assessment, Rules
from trials.clinical.recist.course import BASELINE, ProgressionDate, Scans, Settings
from trials.clinical.recist.lesion import Lesion, Measurement, Method, Role, SizeState
from trials.clinical.recist.non_target_response import Markers, NonTargetState
from trials.clinical.recist.overall_response import NewLesion
from trials.clinical.recist.response import Response
from trials.models import Epoch

DAYS_PER_WEEK = 7


@dataclass(frozen=True)
class Unfinished:
    """An assessment whose first scan was made up to the data cut-off, and its last one after it."""

    form: TumorAssessment
    last_scan_on: date

    @property
    def words(self) -> str:
        scans = f"scans from {self.form.first_scan_on} to {self.last_scan_on}"
        return f"{label_of(self.form)} is left out: its {scans} went on after the data cut-off"


@dataclass
class Filed:
    """One assessment form as RECIST takes it, or why it cannot be taken; `sources` are what was used."""

    form: TumorAssessment
    scans: Scans | None
    remarks: list[str] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)

    @property
    def label(self) -> str:
        return label_of(self.form)


def label_of(form: TumorAssessment) -> str:
    """How an assessment is named in words: by its visit, numbered where the visit has several."""
    place = form.visit.code if form.visit is not None else "assessment"
    return place if form.repeat == 1 and form.visit is not None else f"{place} #{form.repeat}"


def unfinished(facts: Facts, forms: Iterable[TumorAssessment]) -> list[Unfinished]:
    """Those that were not finished by the cutoff. Nothing of them counts, but a new lesion by its own day.

    What was measured on which side of the cutoff is not known of every lesion, and the facts have
    forgotten the days after it.
    """
    cutoff, whole = facts.moment.cutoff, facts.without_cutoff
    if cutoff is None:
        return []
    found = [Unfinished(form, last) for form in forms if (last := _last_scan(whole, form)) is not None]
    return [each for each in found if each.last_scan_on > cutoff]


def _last_scan(facts: Facts, form: TumorAssessment) -> date | None:
    own = next(each for each in facts.forms(TumorAssessment, form.subject) if each.pk == form.pk)
    rows = [*facts.rows(own, "measurements"), *facts.rows(own, "non_targets")]
    days = [own.first_scan_on, own.last_scan_on, *(row.scan_on for row in rows)]
    return max((day for day in days if day is not None), default=None)


def lesions_of(facts: Facts, subject: Subject) -> list[Lesion]:
    """The lesions of a subject that have a label and a role; others cannot be followed yet."""
    forms = facts.forms(TumorLesion, subject)
    return [_lesion(form) for form in forms if form.label and form.role]


def unfollowed(facts: Facts, subject: Subject) -> list[str]:
    """Each lesion that has no label or no role and so cannot be followed, in words."""
    return [
        f"lesion {form.label or form.repeat} has no {'role' if form.label else 'label'} and is left out"
        for form in facts.forms(TumorLesion, subject)
        if form.entry_state != EntryState.NOT_DONE and not (form.label and form.role)
    ]


def is_undated(facts: Facts, form: TumorAssessment) -> bool:
    """Whether scans were read that have no date."""
    read = form.new_lesions or form.overall_response or form.target_response or form.non_target_response
    rows = (facts.rows(form, "measurements"), facts.rows(form, "non_targets"))
    return not form.first_scan_on and not is_not_done(form) and bool(read or any(rows))


def of_screening(form: TumorAssessment) -> bool:
    """Whether an assessment belongs to a screening visit."""
    visit = form.visit
    return visit is not None and visit.definition is not None and visit.definition.epoch == Epoch.SCREENING


def _lesion(form: TumorLesion) -> Lesion:
    return Lesion(
        label=form.label,
        role=Role(form.role),
        organ=_organ(form),
        node=is_yes(form.lymph_node),
        method=_method(form.method),
        slice_thickness_mm=_thickness(form.slice_thickness),
        identified_on=form.identified_on,
        certain=None if form.certain is None else form.certain == Certainty.UNEQUIVOCAL,
        confirmed_on=form.confirmed_on,
        split_from=_referred(form, "split_from"),
        merged_into=_referred(form, "merged_into"),
        changed_on=form.changed_on,
        treated_before=is_yes(form.previously_irradiated),
        grown_since=is_yes(form.progressed_after_local_therapy),
    )


def _referred(form: TumorLesion, name: str) -> str | None:
    """The label of another lesion; one that is entered in error is named by its number, not passed over."""
    if getattr(form, f"{name}_id") is None:
        return None
    other = getattr(form, name)
    return other.label if other is not None and other.label else f"lesion {getattr(form, f'{name}_id')}"


def _organ(form: TumorLesion) -> str | None:
    # Two lesions in "other" organs lie in one organ only if its name says so.
    return form.location if form.organ == Organ.OTHER else form.organ


def _method(code: str | None) -> Method | None:
    return Method(code) if code else None


def _thickness(value: Decimal | None) -> Decimal | None:
    return value or None  # slices of 0 mm cannot be: as good as not recorded


def filed(facts: Facts, form: TumorAssessment) -> Filed:
    """One assessment form with its rows, as RECIST takes it."""
    found = Filed(form, None)
    measurements = _measurements(facts, form, found)
    states = _states(facts, form, found)
    days = _days(facts, form, found)
    if days is None:
        return found
    found.scans = Scans(
        label_of(form),
        *days,
        measurements=measurements,
        non_targets=states,
        new_lesions=NewLesion(form.new_lesions) if form.new_lesions else None,
        markers=_markers(form, states),
    )
    found.sources += [source(form, name) for name in _ANSWERS if getattr(form, name) is not None]
    return found


_ANSWERS = ("first_scan_on", "last_scan_on", "new_lesions", "markers_normal")


def _measurements(facts: Facts, form: TumorAssessment, found: Filed) -> dict[str, Measurement]:
    measurements = {}
    for row in facts.rows(form, "measurements"):
        label = _label_for(row, (LesionRole.TARGET,), found)
        if label is None:
            continue
        state = SizeState(row.state) if row.state else None
        measurements[label] = Measurement(row.diameter, state, _method(row.method or form.method))
        used = "diameter" if row.diameter is not None else "state"
        found.sources.append(source(form, used, row))
    return measurements


def _states(facts: Facts, form: TumorAssessment, found: Filed) -> dict[str, NonTargetState | None]:
    states: dict[str, NonTargetState | None] = {}
    for row in facts.rows(form, "non_targets"):
        label = _label_for(row, (LesionRole.NON_TARGET, LesionRole.NEW), found)
        if label is not None:
            states[label] = NonTargetState(row.state) if row.state else None
            found.sources.append(source(form, "state", row))
    return states


def _label_for(row: Any, roles: Sequence[str], found: Filed) -> str | None:
    """The label of the lesion of a row; None, with a remark, where it is none that such a row can tell of."""
    lesion = row.lesion if row.lesion_id is not None else None
    if lesion is None or not lesion.label:
        found.remarks.append(f"{found.label}: row {row.repeat} names no lesion and is left out")
    elif lesion.role not in roles:
        role = f"is a {str(lesion.role).lower()} lesion" if lesion.role else "has no role"
        found.remarks.append(f"{found.label}: {lesion.label} {role}; its row {row.repeat} is left out")
    else:
        return str(lesion.label)
    return None


def _days(facts: Facts, form: Any, found: Filed) -> tuple[date, date] | None:
    """The days of the first and the last scan; the last one is asked only where it differs."""
    first, last = form.first_scan_on, form.last_scan_on
    if first is None:
        found.remarks.append(f"{found.label} has no date of a scan and is left out")
        return None
    if last is not None and last < first:
        found.remarks.append(f"{found.label}: the last scan ({last}) lies before the first ({first})")
        last = None
    rows = [*facts.rows(form, "measurements"), *facts.rows(form, "non_targets")]
    return first, max([last or first, *(row.scan_on for row in rows if row.scan_on is not None)])


def _markers(form: Any, states: dict[str, NonTargetState | None]) -> Markers:
    """Raised tumor markers are a part of non-target disease; unanswered they leave its absence open."""
    if form.markers_normal is not None:
        return Markers.NORMAL if form.markers_normal == YesNo.YES else Markers.ELEVATED
    not_raised = form.missing_reasons.get("markers_normal") == MissingReason.NOT_APPLICABLE
    return Markers.NOT_FOLLOWED if not_raised or not states else Markers.NOT_MEASURED


def split_at_baseline(
    forms: Iterable[Filed], randomized_on: date | None
) -> tuple[list[Filed], list[Filed], list[str]]:
    """The forms of baseline, those after it, and remarks.

    Baseline is what was assessed at a screening visit, or by the day of randomization; before
    randomization everything is.
    """
    before: list[Filed] = []
    after: list[Filed] = []
    remarks = []
    for each in forms:
        if each.scans is None:
            continue
        late = randomized_on is not None and each.scans.last_on > randomized_on
        screening = of_screening(each.form)
        (after if late and not screening else before).append(each)
        if late and screening:
            remarks.append(
                f"the scans of {each.label} ({each.scans.last_on}) were made after randomization "
                f"({randomized_on}), and are taken as baseline"
            )
    return before, after, remarks


def merged_baseline(forms: Sequence[Filed]) -> Scans | None:
    """One baseline from the forms before treatment: of each lesion the last time it was evaluated."""
    dated = sorted(
        ((each.scans, each.label) for each in forms if each.scans), key=lambda pair: pair[0].last_on
    )
    if not dated:
        return None
    measurements: dict[str, Measurement] = {}
    states: dict[str, NonTargetState | None] = {}
    for scans, _ in dated:
        for label, measurement in scans.measurements.items():
            if label not in measurements or measurement.read_as not in (None, SizeState.NOT_EVALUATED):
                measurements[label] = measurement
        states |= scans.non_targets
    first = min(scans.first_on for scans, _ in dated)
    return Scans(BASELINE, first, dated[-1][0].last_on, measurements, states)


def not_done(form: TumorAssessment) -> Assessment | None:
    """An assessment that did not take place, on the day of its visit; None where no day is known."""
    visit = form.visit
    day = None if visit is None else visit.occurred_on or visit.planned_on
    return None if day is None else Assessment(day, Response.ND, label_of(form))


def is_not_done(form: TumorAssessment) -> bool:
    return form.entry_state == EntryState.NOT_DONE


def settings_of(facts: Facts, subject: Subject) -> tuple[Settings, list[str]]:
    """How the study reads scans; where a setting is missing or unknown the usual value is taken and said."""
    remarks: list[str] = []

    def setting(key: str, usual: Any, convert: Any) -> Any:
        value = facts.setting(subject, key)
        try:
            if value is not None:
                return convert(value)
        except (ValueError, TypeError, ArithmeticError):
            pass
        problem = "is missing" if value is None else "has an unknown value"
        remarks.append(f"the setting {key} of the study {problem}: {usual} is taken")
        return usual

    usual = Settings()
    rules = Rules(
        confirmation_days=setting("bor_confirmation_days", usual.rules.confirmation_days, _count),
        not_evaluable_between=setting("bor_ne_between_max", usual.rules.not_evaluable_between, _count),
        stable_between=setting("bor_sd_between_accepted", usual.rules.stable_between, _flag),
        stable_minimum_days=DAYS_PER_WEEK
        * setting("sd_minimum_weeks", usual.rules.stable_minimum_days // DAYS_PER_WEEK, _count),
        after_complete_response=setting(
            "bor_after_complete_response", usual.rules.after_complete_response, AfterCompleteResponse
        ),
    )
    chosen = Settings(
        too_small_mm=setting("lesion_too_small_mm", usual.too_small_mm, _millimeters),
        progression_date=setting("progression_date", usual.progression_date, ProgressionDate),
        rules=rules,
    )
    return chosen, remarks


def _count(value: Any) -> int:
    number = int(value)
    if isinstance(value, bool) or number != Decimal(str(value)) or number < 0:
        raise ValueError("a whole number of 0 or more")
    return number


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _millimeters(value: Any) -> Decimal:
    number = Decimal(str(value))
    if not number.is_finite() or number <= 0:
        raise ValueError("a length above zero")
    return number
