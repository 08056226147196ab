"""What goes on for a subject and what does not: death, withdrawal, loss, the end of treatment."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from patients.actions.randomize import randomize
from patients.actions.save_form import create_form, mark_entered_in_error
from patients.actions.visits import miss_visit, open_cycle, open_visit
from patients.models import (
    CaseReportForm,
    Death,
    Disposition,
    DoseAdministration,
    LostToFollowUp,
    Subject,
    SubjectStatus,
    SubsequentTherapy,
    TumorAssessment,
    Visit,
    VisitStatus,
    Withdrawal,
)
from tests.factories import CONSENT_DAY, make_list, opened, save, screened_subject
from tests.patients.conftest import correct
from trials.actions.errors import WrongState
from trials.audit import clock
from trials.models import (
    Anchor,
    Epoch,
    RegimenElement,
    ScheduledForm,
    Site,
    Study,
    StudySetting,
    User,
    VisitDefinition,
)

DRUGS_OF_B = ("LENVATINIB", "OXALIPLATIN", "GEMCITABINE")
DAY = date(2021, 3, 15)
"""Day of randomization."""

Tell = Callable[..., Any]


@pytest.fixture
def schedule(study: Study) -> Study:
    """The schedule of the small study, with what comes after the last dose and scans at imaging."""
    later = (
        ("EOT", Epoch.TREATMENT, 1, None),
        ("SFU", Epoch.FOLLOW_UP, 31, None),
        ("SURV", Epoch.LONG_TERM_FOLLOW_UP, 91, 90),
    )
    rows = [
        VisitDefinition(
            study=study,
            code=code,
            title=code,
            epoch=epoch,
            anchor=Anchor.LAST_DOSE,
            day=day,
            every_days=every,
            order=10 + place,
            window_before_days=7,
            window_after_days=7,
        )
        for place, (code, epoch, day, every) in enumerate(later)
    ]
    save(study.chain, *rows)
    imaging = VisitDefinition.objects.get(study=study, code="IMG")
    save(study.chain, ScheduledForm(study=study, visit=imaging, form="TR"))
    setting = {"key": "imaging_until", "value": "PROGRESSION", "default": "PROGRESSION"}
    save(study.chain, StudySetting(study=study, description="x", **setting))
    return study


@pytest.fixture
def life(coordinator: User, site: Site, schedule: Study, settings: Any) -> Subject:
    """In arm B since 2021-03-15."""
    settings.DEMO = True  # the clock is simulated for the act of randomization alone
    make_list(schedule, "BBBB")
    subject = screened_subject(coordinator, site)
    with clock.simulated(clock.now().replace(year=2021, month=3, day=15, hour=4)):
        randomize(actor=coordinator, subject=subject)
    subject.refresh_from_db()
    return subject


@pytest.fixture
def tell(coordinator: User, life: Subject) -> Tell:
    def create(form: type[CaseReportForm], rows: Any = None, visit: Visit | None = None, **data: Any) -> Any:
        return create_form(actor=coordinator, form=form, subject=life, data=data, rows=rows, visit=visit)

    return create


def treatment_ends(tell: Tell, *drugs: str, on: str = "2021-05-01") -> list[Disposition]:
    return [
        tell(Disposition, scope="TREATMENT", drug=drug, ended_on=on, reason="PROGRESSIVE DISEASE")
        for drug in drugs or DRUGS_OF_B
    ]


def status(subject: Subject) -> str:
    return Subject.objects.get(pk=subject.pk).status


def visit_of(subject: Subject, code: str) -> Visit:
    return Visit.objects.select_related("subject__site", "definition", "cycle").get(
        subject=subject, code=code
    )


def state(subject: Subject, code: str) -> tuple[str, str]:
    visit = visit_of(subject, code)
    return visit.status, visit.missed_reason


def waiting(subject: Subject) -> list[str]:
    """The visits that are still due."""
    planned = Visit.objects.filter(subject=subject, status=VisitStatus.PLANNED)
    return list(planned.order_by("planned_on", "id").values_list("code", flat=True))


def void(actor: User, record: Any) -> None:
    mark_entered_in_error(actor=actor, record=record, version=record.version, reason="wrong subject")


# ---------------------------------------------------------------- death
def test_after_a_death_nothing_is_due_and_each_visit_says_why(life: Subject, tell: Tell) -> None:
    tell(Death, died_on="2021-03-20", cause="UNKNOWN")
    assert status(life) == SubjectStatus.DIED
    assert state(life, "IMG1") == (VisitStatus.NOT_DUE, "The subject died (2021-03-20).")
    assert state(life, "C1D8") == (VisitStatus.NOT_DUE, "The subject died (2021-03-20).")


def test_a_visit_whose_window_closed_before_the_death_is_still_asked_for(life: Subject, tell: Tell) -> None:
    tell(Death, died_on="2021-03-20")
    assert visit_of(life, "C1D1").window_to == date(2021, 3, 18)
    assert state(life, "C1D1") == (VisitStatus.PLANNED, "")


def test_a_death_known_to_the_month_leaves_what_may_have_come_before_it(life: Subject, tell: Tell) -> None:
    assert visit_of(life, "IMG1").window_to == date(2021, 4, 29)
    tell(Death, died_on="2021-04")
    assert state(life, "IMG1")[0] == VisitStatus.PLANNED
    assert status(life) == SubjectStatus.DIED


def test_a_death_without_a_date_changes_the_status_and_no_visit(life: Subject, tell: Tell) -> None:
    tell(Death, cause="UNKNOWN", missing_reasons={"died_on": "UNKNOWN"})
    assert status(life) == SubjectStatus.DIED
    assert "IMG1" in waiting(life)


def test_a_death_entered_in_error_brings_the_visits_back_and_history_keeps_both(
    coordinator: User, life: Subject, tell: Tell
) -> None:
    record = tell(Death, died_on="2021-03-20")
    void(coordinator, record)
    assert status(life) == SubjectStatus.RANDOMIZED
    assert state(life, "IMG1") == (VisitStatus.PLANNED, "")
    kept = Visit.history.filter(id=visit_of(life, "IMG1").pk).order_by("history_id")
    assert [row.status for row in kept] == ["PLANNED", "NOT_DUE", "PLANNED"]


def test_a_date_of_death_corrected_moves_what_is_due(coordinator: User, life: Subject, tell: Tell) -> None:
    record = tell(Death, died_on="2021-03-20")
    correct(coordinator, record, died_on="2021-06-01")
    assert "IMG1" in waiting(life)


def test_a_form_about_a_death_that_says_nothing_tells_of_none(life: Subject, tell: Tell) -> None:
    tell(Death, place="HOME")
    assert status(life) == SubjectStatus.RANDOMIZED


def test_a_visit_that_was_no_longer_due_may_have_taken_place_without_a_reason_being_asked(
    coordinator: User, life: Subject, tell: Tell
) -> None:
    tell(Death, died_on="2021-03-20")
    visit = visit_of(life, "C1D8")
    came = open_visit(actor=coordinator, visit=visit, occurred_on=date(2021, 3, 19), version=visit.version)
    assert (came.status, came.missed_reason) == (VisitStatus.OCCURRED, "")


def test_no_cycle_is_planned_for_who_died(coordinator: User, life: Subject, tell: Tell) -> None:
    opened(coordinator, life, "C1D1", DAY)
    tell(Death, died_on="2021-03-20")
    with pytest.raises(WrongState, match="died"):
        open_cycle(actor=coordinator, subject=life)


def test_a_death_recorded_beside_the_end_of_the_study_stands_above_it(life: Subject, tell: Tell) -> None:
    tell(Disposition, scope="STUDY", ended_on="2021-03-20", reason="DEATH")
    assert status(life) == SubjectStatus.ENDED
    tell(Death, died_on="2021-03-20")
    assert status(life) == SubjectStatus.DIED


# ---------------------------------------------------------------- end of treatment
def test_treatment_visits_stop_with_the_last_drug_while_imaging_and_survival_go_on(
    coordinator: User, life: Subject, tell: Tell
) -> None:
    opened(coordinator, life, "C1D1", DAY)
    open_cycle(actor=coordinator, subject=life)
    treatment_ends(tell, on="2021-03-25")
    assert state(life, "C2D1") == (
        VisitStatus.NOT_DUE,
        "Treatment with every study drug ended (2021-03-25).",
    )
    assert {"IMG1", "EOT", "SFU", "SURV1"} <= set(waiting(life))
    with pytest.raises(WrongState, match="Treatment with every study drug ended"):
        open_cycle(actor=coordinator, subject=life)


def test_one_drug_that_goes_on_keeps_treatment_visits_due(
    coordinator: User, life: Subject, tell: Tell
) -> None:
    opened(coordinator, life, "C1D1", DAY)
    treatment_ends(tell, "OXALIPLATIN", "GEMCITABINE", on="2021-04-01")
    open_cycle(actor=coordinator, subject=life)
    assert "C2D1" in waiting(life)


def test_day_8_is_due_while_gemox_lasts_and_not_after_it(
    coordinator: User, life: Subject, tell: Tell
) -> None:
    opened(coordinator, life, "C1D1", DAY)
    open_cycle(actor=coordinator, subject=life)
    treatment_ends(tell, "GEMCITABINE", on="2021-04-06")
    assert state(life, "C2D8") == (VisitStatus.NOT_DUE, "Treatment with Gemcitabine ended (2021-04-06).")
    opened(coordinator, life, "C2D1", date(2021, 4, 5))
    open_cycle(actor=coordinator, subject=life)
    assert "C3D1" in waiting(life)
    assert not Visit.objects.filter(subject=life, code="C3D8").exists()


def test_day_8_is_left_out_after_the_last_course_that_the_regimen_allows(
    coordinator: User, life: Subject, tell: Tell
) -> None:
    element = RegimenElement.objects.get(arm__code="B", drug__code="GEMCITABINE", study=life.study)
    element.maximum_cycles = 1
    save(life.study.chain, element)
    first = opened(coordinator, life, "C1D1", DAY)
    tell(DoseAdministration, visit=first, drug="GEMCITABINE", given="Y", given_on="2021-03-15", dose="1700")
    open_cycle(actor=coordinator, subject=life)
    assert "C1D8" in waiting(life)
    assert not Visit.objects.filter(subject=life, code="C2D8").exists()


def test_an_end_of_treatment_taken_back_takes_the_visits_after_it_back(
    coordinator: User, life: Subject, tell: Tell
) -> None:
    ends = treatment_ends(tell)
    assert "EOT" in waiting(life)
    void(coordinator, ends[0])
    assert state(life, "EOT") == (VisitStatus.NOT_DUE, "Treatment goes on.")
    treatment_ends(tell, DRUGS_OF_B[0])
    assert "EOT" in waiting(life)


def test_visits_after_the_last_dose_move_when_that_day_is_corrected(
    coordinator: User, life: Subject, tell: Tell
) -> None:
    ends = treatment_ends(tell, on="2021-05-01")
    assert visit_of(life, "EOT").planned_on == date(2021, 5, 1)
    for end in ends:
        correct(coordinator, end, last_dose_on="2021-04-20")
    assert visit_of(life, "EOT").planned_on == date(2021, 4, 20)
    assert visit_of(life, "SFU").planned_on == date(2021, 5, 20)
    assert visit_of(life, "SURV2").planned_on == date(2021, 4, 20) + timedelta(days=180)


# ---------------------------------------------------------------- imaging
def scan(coordinator: User, tell: Tell, life: Subject, response: str) -> Any:
    visit = opened(coordinator, life, "IMG1", date(2021, 4, 26))
    return tell(TumorAssessment, visit=visit, first_scan_on="2021-04-26", overall_response=response)


def test_imaging_goes_on_after_the_end_of_treatment_until_progression(
    coordinator: User, life: Subject, tell: Tell
) -> None:
    record = scan(coordinator, tell, life, "SD")
    treatment_ends(tell)
    assert {"IMG2", "IMG3"} <= set(waiting(life))
    correct(coordinator, record, overall_response="PD")
    assert state(life, "IMG2") == (VisitStatus.NOT_DUE, "The disease progressed (2021-04-26).")


def test_progression_under_treatment_that_goes_on_leaves_imaging_due(
    coordinator: User, life: Subject, tell: Tell
) -> None:
    scan(coordinator, tell, life, "PD")
    assert "IMG2" in waiting(life)


@pytest.mark.parametrize(
    ("until", "due"),
    [("PROGRESSION", True), ("PROGRESSION_OR_NEW_THERAPY", False), ("END_OF_FOLLOW_UP", True)],
)
def test_whether_a_new_therapy_ends_imaging_is_a_setting(
    life: Subject, tell: Tell, until: str, due: bool
) -> None:
    setting = StudySetting.objects.get(study=life.study, key="imaging_until")
    setting.value = until
    save(life.study.chain, setting)
    treatment_ends(tell, on="2021-04-01")
    tell(SubsequentTherapy, kind="SYSTEMIC", agents="Capecitabine", started="2021-04-10")
    assert ("IMG1" in waiting(life)) is due


def test_a_new_therapy_known_to_the_month_ends_imaging_from_the_end_of_that_month(
    life: Subject, tell: Tell
) -> None:
    setting = StudySetting.objects.get(study=life.study, key="imaging_until")
    setting.value = "PROGRESSION_OR_NEW_THERAPY"
    save(life.study.chain, setting)
    treatment_ends(tell, on="2021-04-01")
    tell(SubsequentTherapy, kind="SYSTEMIC", agents="Capecitabine", started="2021-04")
    assert "IMG1" in waiting(life)


# ---------------------------------------------------------------- withdrawal
def withdraw(tell: Tell, scope: str, on: str = "2021-03-20", **more: Any) -> Any:
    return tell(Withdrawal, scope=scope, withdrawn_on=on, withdrawn_by="SUBJECT", keep_data="Y", **more)


def test_withdrawal_from_one_drug_ends_that_drug_only(coordinator: User, life: Subject, tell: Tell) -> None:
    withdraw(tell, "STUDY DRUG", drug="GEMCITABINE")
    assert status(life) == SubjectStatus.RANDOMIZED
    assert state(life, "C1D8")[0] == VisitStatus.NOT_DUE
    opened(coordinator, life, "C1D1", DAY)
    open_cycle(actor=coordinator, subject=life)
    assert "C2D1" in waiting(life)


def test_withdrawal_from_all_treatment_brings_the_visits_after_the_last_dose(
    life: Subject, tell: Tell
) -> None:
    withdraw(tell, "STUDY DRUG")
    assert status(life) == SubjectStatus.RANDOMIZED
    assert {"EOT", "SFU", "SURV1", "IMG1"} <= set(waiting(life))


def test_withdrawal_from_visits_leaves_survival_to_be_asked_for(life: Subject, tell: Tell) -> None:
    withdraw(tell, "STUDY DRUG")
    withdraw(tell, "STUDY VISITS")
    assert status(life) == SubjectStatus.RANDOMIZED
    assert "SURV1" in waiting(life)
    assert not {"EOT", "SFU", "IMG1"} & set(waiting(life))


@pytest.mark.parametrize("scope", ["CONTACT", "USE OF DATA"])
def test_withdrawal_from_contact_or_from_the_use_of_data_stops_every_visit(
    life: Subject, tell: Tell, scope: str
) -> None:
    withdraw(tell, "STUDY DRUG")
    withdraw(tell, scope)
    assert status(life) == SubjectStatus.WITHDRAWN
    assert waiting(life) == ["C1D1"]


def test_withdrawal_of_samples_changes_nothing_in_the_calendar(life: Subject, tell: Tell) -> None:
    before = waiting(life)
    withdraw(tell, "USE OF SAMPLES")
    assert (status(life), waiting(life)) == (SubjectStatus.RANDOMIZED, before)


# ---------------------------------------------------------------- lost and found
def lose(tell: Tell, **more: Any) -> Any:
    attempts = [{"tried_on": "2021-03-18", "method": "TELEPHONE", "reached": "NOBODY"}]
    return tell(LostToFollowUp, rows={"attempts": attempts}, last_contact_on="2021-03-16", **more)


def test_attempts_at_contact_alone_make_nobody_lost(life: Subject, tell: Tell) -> None:
    lose(tell)
    assert status(life) == SubjectStatus.RANDOMIZED
    assert "IMG1" in waiting(life)


def test_who_is_lost_has_no_visits_due_until_found_again(
    coordinator: User, life: Subject, tell: Tell
) -> None:
    record = lose(tell, declared_on="2021-03-20")
    assert status(life) == SubjectStatus.LOST
    assert state(life, "IMG1") == (VisitStatus.NOT_DUE, "The subject was lost to follow-up (2021-03-20).")
    correct(coordinator, record, found_again_on="2021-04-01")
    assert status(life) == SubjectStatus.RANDOMIZED
    assert "IMG1" in waiting(life)
    assert state(life, "C1D8")[0] == VisitStatus.NOT_DUE


def test_who_is_found_after_long_has_a_calendar_again(coordinator: User, life: Subject, tell: Tell) -> None:
    treatment_ends(tell, on="2021-03-19")
    record = lose(tell, declared_on="2021-03-20")
    correct(coordinator, record, found_again_on="2022-09-01")
    coming = Visit.objects.filter(subject=life, status=VisitStatus.PLANNED, window_to__gte=date(2022, 9, 1))
    assert {"IMG", "SURV"} <= set(coming.values_list("definition__code", flat=True))


def test_who_is_lost_twice_is_lost(life: Subject, tell: Tell) -> None:
    lose(tell, declared_on="2021-03-20", found_again_on="2021-04-01")
    lose(tell, declared_on="2021-05-01")
    assert status(life) == SubjectStatus.LOST


# ---------------------------------------------------------------- screening
def test_the_visits_of_a_screening_failure_are_not_due(coordinator: User, subject: Subject) -> None:
    data = {"scope": "SCREENING", "ended_on": "2021-03-02", "reason": "SCREEN FAILURE"}
    create_form(actor=coordinator, form=Disposition, subject=subject, data=data)
    assert state(subject, "SCR") == (VisitStatus.NOT_DUE, "Screening ended (2021-03-02).")


def test_who_dies_in_screening_cannot_be_randomized(coordinator: User, site: Site, schedule: Study) -> None:
    make_list(schedule, "AAAA")
    screened = screened_subject(coordinator, site)
    data = {"died_on": CONSENT_DAY.isoformat()}
    create_form(actor=coordinator, form=Death, subject=screened, data=data)
    with pytest.raises(WrongState, match="Died"):
        randomize(actor=coordinator, subject=screened)


# ---------------------------------------------------------------- the calendar moves
def test_a_dose_given_later_than_the_visit_delays_the_cycles_after_it(
    coordinator: User, life: Subject, tell: Tell
) -> None:
    first = opened(coordinator, life, "C1D1", DAY)
    imaging = visit_of(life, "IMG1").planned_on
    dose = {"drug": "OXALIPLATIN", "given": "Y", "dose": "144.5"}
    record = tell(DoseAdministration, visit=first, given_on="2021-03-18", **dose)
    assert visit_of(life, "C1D8").planned_on == date(2021, 3, 25)
    assert open_cycle(actor=coordinator, subject=life).planned_on == date(2021, 4, 8)
    assert visit_of(life, "IMG1").planned_on == imaging
    void(coordinator, record)
    assert visit_of(life, "C1D8").planned_on == date(2021, 3, 22)


def test_a_dose_that_was_not_given_delays_nothing(coordinator: User, life: Subject, tell: Tell) -> None:
    first = opened(coordinator, life, "C1D1", DAY)
    tell(DoseAdministration, visit=first, drug="OXALIPLATIN", given="N", given_on="2021-03-18")
    assert visit_of(life, "C1D8").planned_on == date(2021, 3, 22)


def test_imaging_stays_on_the_calendar_from_randomization_and_goes_on(
    coordinator: User, life: Subject
) -> None:
    first = visit_of(life, "IMG1")
    opened(coordinator, life, "IMG1", date(2021, 5, 5))
    second, third = visit_of(life, "IMG2"), visit_of(life, "IMG3")
    assert first.planned_on == DAY + timedelta(days=42)
    assert (second.planned_on, third.planned_on) == (DAY + timedelta(days=84), DAY + timedelta(days=126))
    miss_visit(actor=coordinator, visit=second, why="quarantine", version=second.version)
    assert visit_of(life, "IMG4").planned_on == DAY + timedelta(days=168)
