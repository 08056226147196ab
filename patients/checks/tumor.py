"""Checks of tumor lesions, tumor assessments and resection (RECIST 1.1)."""

from collections.abc import Iterator
from datetime import date, timedelta

from patients.checks.engine import Check, Hit
from patients.derivations.tumor_response import LOCAL, tumor_course
from patients.facts import Facts
from patients.models import (
    Certainty,
    EntryState,
    LesionRole,
    NewLesions,
    OverallResponse,
    Procedure,
    ProcedureKind,
    Severity,
    Subject,
    TargetState,
    TumorAssessment,
    TumorLesion,
    YesNo,
)
from trials.text import plain

LONGEST_ASSESSMENT = timedelta(days=14)


# ---------------------------------------------------------------- lesions
def target_cannot_be_chosen(form: TumorLesion, facts: Facts) -> Iterator[Hit]:
    """At most five targets, two in an organ, each measurable; asked once, at the last lesion concerned."""
    for finding in facts.once(tumor_course, form.subject).findings:
        if finding.lesions and finding.lesions[-1] == form.label:
            yield Hit("role", f"{finding.words[:1].upper()}{finding.words[1:]}.")


def new_lesion_is_not_described(form: TumorLesion, facts: Facts) -> Iterator[Hit]:
    if form.role != LesionRole.NEW:
        return
    for name, what in (("organ", "organ"), ("identified_on", "date of the scan"), ("certain", "certainty")):
        if getattr(form, name) is None:
            yield Hit(name, f"A new lesion needs its {what}.")


def new_lesion_is_in_no_assessment(form: TumorLesion, facts: Facts) -> Iterator[Hit]:
    """A certain new lesion must be answered for at the assessment of its scan."""
    if form.role != LesionRole.NEW or form.certain != Certainty.UNEQUIVOCAL or form.identified_on is None:
        return
    for assessment in _assessments(facts, form.subject):
        first, last = _days(assessment)
        if first is None or last is None or not first <= form.identified_on <= last:
            continue
        if assessment.new_lesions == NewLesions.YES:
            return
        yield Hit(
            "identified_on",
            f"Seen on {form.identified_on}, but the assessment of that day does not say that there are "
            "new lesions.",
        )


# ---------------------------------------------------------------- assessments
def lesions_differ_from_baseline(form: TumorAssessment, facts: Facts) -> Iterator[Hit]:
    """Every target and non-target lesion known at baseline is told of at every assessment."""
    if not _is_assessed(form):
        return
    told = {
        LesionRole.TARGET: _told(facts, form, "measurements"),
        LesionRole.NON_TARGET: _told(facts, form, "non_targets"),
    }
    for lesion in facts.forms(TumorLesion, form.subject):
        if lesion.role not in told or lesion.label is None or not _is_due(lesion, form):
            continue
        if lesion.label not in told[LesionRole(lesion.role)]:
            role = LesionRole(lesion.role).label.lower()
            yield Hit(
                "", f"Nothing is said of {role} lesion {lesion.label}; if it was not evaluated, say so."
            )


def method_differs_from_baseline(form: TumorAssessment, facts: Facts) -> Iterator[Hit]:
    for row in facts.rows(form, "measurements"):
        used = row.method or form.method
        if row.lesion is not None and row.lesion.method and used and used != row.lesion.method:
            yield Hit(
                "method",
                f"{row.lesion.label} was first measured by {row.lesion.get_method_display()}; "
                "the same method is needed to compare.",
                row,
            )


def diameter_contradicts_state(form: TumorAssessment, facts: Facts) -> Iterator[Hit]:
    too_small = facts.setting(form.subject, "lesion_too_small_mm")
    for row in facts.rows(form, "measurements"):
        node = row.lesion is not None and row.lesion.lymph_node == YesNo.YES
        if row.state == TargetState.MEASURED and row.diameter is None:
            yield Hit("diameter", "Measured, but no diameter is given.", row)
        elif row.state == TargetState.MEASURED and row.diameter == 0:
            gone = "a lymph node keeps its short axis" if node else "choose “no longer there”"
            yield Hit("diameter", f"A measured lesion has a diameter above 0 mm; {gone}.", row)
        elif row.state == TargetState.ABSENT and node:
            yield Hit(
                "state",
                "A lymph node stays measured by its short axis, also below 10 mm: please enter it.",
                row,
            )
        elif row.state == TargetState.ABSENT and row.diameter:
            yield Hit(
                "diameter", "The lesion is no longer there, but a diameter is given: which is right?", row
            )
        elif (
            row.state == TargetState.TOO_SMALL
            and too_small is not None
            and row.diameter is not None
            and plain(row.diameter) != str(too_small)
        ):
            yield Hit("diameter", f"Too small to measure counts as {too_small} mm; leave it empty.", row)


def reason_not_evaluated_is_missing(form: TumorAssessment, facts: Facts) -> Iterator[Hit]:
    for name in ("measurements", "non_targets"):
        for row in facts.rows(form, name):
            if row.state == "NOT EVALUATED" and not row.not_evaluated_reason:
                yield Hit("not_evaluated_reason", "Not evaluated: please say why.", row)


def response_differs_without_comment(form: TumorAssessment, facts: Facts) -> Iterator[Hit]:
    point = facts.once(tumor_course, form.subject).point_of(form)
    if point is None or form.comment:
        return
    for words in point.differences:
        yield Hit("overall_response", f"{words[:1].upper()}{words[1:]}. {point.words}. Please comment.")
        return


def new_lesions_have_no_record(form: TumorAssessment, facts: Facts) -> Iterator[Hit]:
    """The answer "yes" needs a lesion with organ and date that was seen on these scans."""
    first, last = _days(form)
    if form.new_lesions != NewLesions.YES or first is None or last is None:
        return
    lesions = [each for each in facts.forms(TumorLesion, form.subject) if each.role == LesionRole.NEW]
    if not any(each.identified_on is not None and each.identified_on <= last for each in lesions):
        yield Hit(
            "new_lesions", "New lesions are seen: please enter each as a new tumor lesion with its date."
        )


def new_lesion_is_not_progression(form: TumorAssessment, facts: Facts) -> Iterator[Hit]:
    if form.new_lesions == NewLesions.YES and form.overall_response not in (
        None,
        OverallResponse.PROGRESSION,
    ):
        yield Hit(
            "overall_response",
            "A new lesion makes the response progressive disease, whatever the other lesions do.",
        )


def imaging_is_outside_its_window(form: TumorAssessment, facts: Facts) -> Iterator[Hit]:
    visit = form.visit
    if visit is None or form.first_scan_on is None or visit.window_from is None or visit.window_to is None:
        return
    if not visit.window_from <= form.first_scan_on <= visit.window_to:
        yield Hit(
            "first_scan_on",
            f"The scan of {form.first_scan_on} lies outside the window of {visit.code} "
            f"({visit.window_from} to {visit.window_to}).",
        )


def scans_lie_far_apart(form: TumorAssessment, facts: Facts) -> Iterator[Hit]:
    first, last = _days(form)
    if first is None or last is None:
        return
    days = [first, last]
    for name in ("measurements", "non_targets"):
        days += [row.scan_on for row in facts.rows(form, name) if row.scan_on is not None]
    if max(days) - min(days) > LONGEST_ASSESSMENT:
        yield Hit(
            "last_scan_on",
            f"The scans of one assessment lie {(max(days) - min(days)).days} days apart, more than 14.",
        )


# ---------------------------------------------------------------- resection
def resection_is_incomplete(form: Procedure, facts: Facts) -> Iterator[Hit]:
    if form.kind != ProcedureKind.RESECTION:
        return
    for name, what in (
        ("performed_on", "the date"),
        ("pathology", "the pathology"),
        ("residual", "the residual tumor (R0, R1, R2)"),
    ):
        if not getattr(form, name):
            yield Hit(name, f"A resection after downstaging needs {what}.")
    if not form.survival_handling and facts.setting(form.subject, "pfs_resection") is None:
        yield Hit("survival_handling", "How the resection counts in progression-free survival is not said.")


def _assessments(facts: Facts, subject: Subject) -> list[TumorAssessment]:
    return [each for each in facts.forms(TumorAssessment, subject) if _is_assessed(each)]


def _is_assessed(form: TumorAssessment) -> bool:
    return form.entry_state != EntryState.NOT_DONE and form.assessor in LOCAL


def _days(form: TumorAssessment) -> tuple[date | None, date | None]:
    return form.first_scan_on, form.last_scan_on or form.first_scan_on


def _told(facts: Facts, form: TumorAssessment, name: str) -> set[str | None]:
    return {row.lesion.label for row in facts.rows(form, name) if row.lesion is not None}


def _is_due(lesion: TumorLesion, form: TumorAssessment) -> bool:
    """Known by the day of the scans, and not split up or merged into another by then."""
    last = _days(form)[1]
    if last is None or (lesion.identified_on is not None and lesion.identified_on > last):
        return False
    return lesion.merged_into_id is None or lesion.changed_on is None or lesion.changed_on > last


CHECKS = (
    Check(
        "EC30a",
        ("TU",),
        Severity.HARD,
        target_cannot_be_chosen,
        rests_on=("TR",),
        asks="At most 5 target lesions, 2 in an organ, each measurable at baseline.",
    ),
    Check(
        "EC30b",
        ("TR",),
        Severity.HARD,
        lesions_differ_from_baseline,
        rests_on=("TU",),
        asks="Every lesion of baseline is told of at every assessment.",
    ),
    Check(
        "EC30c",
        ("TR",),
        Severity.SOFT,
        method_differs_from_baseline,
        rests_on=("TU",),
        asks="A lesion is measured by the same method each time.",
    ),
    Check(
        "EC31a",
        ("TR",),
        Severity.HARD,
        diameter_contradicts_state,
        rests_on=("TU",),
        asks="Diameter and state of a target lesion agree; nodes are measured by short axis.",
    ),
    Check(
        "EC31b",
        ("TR",),
        Severity.SOFT,
        reason_not_evaluated_is_missing,
        asks="A lesion that was not evaluated has a reason.",
    ),
    Check(
        "EC32",
        ("TR",),
        Severity.HARD,
        response_differs_without_comment,
        rests_on=("TU", "TR", "ST"),
        asks="A response that differs from the computed one has a comment.",
    ),
    Check(
        "EC33a",
        ("TR",),
        Severity.HARD,
        new_lesions_have_no_record,
        rests_on=("TU",),
        asks="New lesions are recorded with organ and date.",
    ),
    Check(
        "EC33b",
        ("TR",),
        Severity.HARD,
        new_lesion_is_not_progression,
        asks="A new lesion means progressive disease.",
    ),
    Check(
        "EC33c",
        ("TU",),
        Severity.HARD,
        new_lesion_is_not_described,
        asks="A new lesion has organ, date and certainty.",
    ),
    Check(
        "EC33d",
        ("TU",),
        Severity.HARD,
        new_lesion_is_in_no_assessment,
        rests_on=("TR",),
        asks="A new lesion is answered for at the assessment of its scan.",
    ),
    Check(
        "EC34a",
        ("TR",),
        Severity.SOFT,
        imaging_is_outside_its_window,
        asks="Imaging takes place within its window.",
    ),
    Check(
        "EC34b",
        ("TR",),
        Severity.SOFT,
        scans_lie_far_apart,
        asks="The scans of one assessment lie at most 14 days apart.",
    ),
    Check(
        "EC40",
        ("PR",),
        Severity.SOFT,
        resection_is_incomplete,
        asks="A resection has its date, pathology and residual tumor.",
    ),
)
