"""What is to be verified, by the extent that the study asks for, and what lost its verification and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, Exists, F, OuterRef, Value

from patients.critical_fields import critical_questions, due_extent
from patients.forms import definitions
from patients.marks import latest_verifications
from patients.models import EntryState, Subject, Verification, VerificationExtent, VerificationState
from patients.selectors import visible
from trials.models import StudySetting, User
from trials.roles import Verb

SUBJECTS_AT_ONCE = 25
LINES_AT_MOST = 500
LOST_AT_MOST = 100


@dataclass(frozen=True)
class ToVerify:
    """A form that waits for verification. `lost` is the verification that a change took away."""

    form: str
    record_id: int
    subject: Subject
    visit: str
    repeat: int
    version: int
    extent: VerificationExtent
    lost: Verification | None


@dataclass(frozen=True)
class Page:
    """The forms of some subjects; `next_after` is the code from which the next page goes on, empty: none."""

    lines: list[ToVerify]
    first: str
    last: str
    next_after: str
    cut: bool


def to_verify(user: User, after: str = "") -> Page:
    """The forms to be verified at the sites of a monitor, subject by subject from a code on.

    A form is due whole or for its critical questions, by the shares of the study; one in progress is not
    due whole. The number of queries does not grow with the number of subjects or forms.
    """
    reach = visible(Subject, user, Verb.VERIFY).select_related("site", "study")
    subjects = list(reach.filter(code__gt=after).order_by("code", "pk")[: SUBJECTS_AT_ONCE + 1])
    here, more = subjects[:SUBJECTS_AT_ONCE], subjects[SUBJECTS_AT_ONCE:]
    lines = _lines(here)
    return Page(
        lines[:LINES_AT_MOST],
        here[0].code if here else "",
        here[-1].code if here else "",
        here[-1].code if more else "",
        len(lines) > LINES_AT_MOST,
    )


def _lines(subjects: Sequence[Subject]) -> list[ToVerify]:
    studies = {subject.study_id for subject in subjects}
    settings: dict[int, dict[str, Any]] = {study: {} for study in studies}
    for study, key, value in StudySetting.objects.filter(study_id__in=studies).values_list(
        "study_id", "key", "value"
    ):
        settings[study][key] = value
    critical = {study: critical_questions(study) for study in studies}
    due = {subject.pk: due_extent(subject, settings[subject.study_id]) for subject in subjects}
    by_key = {subject.pk: subject for subject in subjects}
    forms = _forms([subject for subject in subjects if due[subject.pk] is not None])
    known = latest_verifications([(each["oid"], each["key"]) for each in forms])
    found = []
    for each in forms:
        subject, held = by_key[each["subject_id"]], known.get((each["oid"], each["key"]))
        extent = _missing(
            due[subject.pk], each["oid"] in critical[subject.study_id], each["entry_state"], held
        )
        if extent is not None:
            lost = held if held is not None and held.state == VerificationState.DROPPED else None
            found.append(
                ToVerify(
                    each["oid"],
                    each["key"],
                    subject,
                    each["code"] or "",
                    each["repeat"],
                    each["version"],
                    extent,
                    lost,
                )
            )
    return sorted(found, key=lambda line: (line.subject.code, line.visit, line.form, line.repeat))


def _missing(
    due: VerificationExtent | None, has_critical: bool, state: str, held: Verification | None
) -> VerificationExtent | None:
    """What is still to be verified of a form; None: nothing."""
    given = held.extent if held is not None and held.state == VerificationState.IN_FORCE else ""
    if due is VerificationExtent.WHOLE and state != EntryState.IN_PROGRESS:
        return None if given == VerificationExtent.WHOLE else VerificationExtent.WHOLE
    return VerificationExtent.CRITICAL if due is not None and has_critical and not given else None


def _forms(subjects: Iterable[Subject]) -> list[dict[str, Any]]:
    """Every form in force of these subjects, of all kinds in one query."""
    keys = [subject.pk for subject in subjects]
    parts: list[Any] = [
        kind.model._default_manager.filter(subject__in=keys, entered_in_error=False)
        .order_by()
        .annotate(oid=Value(kind.oid, output_field=CharField()), key=F("pk"), code=F("visit__code"))
        .values("oid", "key", "subject_id", "code", "repeat", "version", "entry_state")
        for kind in definitions()
    ]
    first, *others = parts
    return list(first.union(*others, all=True)) if keys else []


def lost_verifications(user: User) -> list[Verification]:
    """The newest of those that a change took away and that nobody has renewed."""
    renewed = Verification.objects.filter(
        form=OuterRef("form"), record_id=OuterRef("record_id"), pk__gt=OuterRef("pk")
    )
    lost = visible(Verification, user).filter(~Exists(renewed), state=VerificationState.DROPPED)
    return list(lost.select_related("subject", "verified_by").order_by("-ended_at", "-pk")[:LOST_AT_MOST])
