"""What the demonstration shows, read from the loaded file."""

from collections import Counter
from decimal import Decimal

import pytest
from django.db.models import F, Max

from ecrf.demo.fixture import models_of_the_record
from patients.actions.schedule import VisitDefinition
from patients.derivations.accountability import accountabilities
from patients.derivations.dose import planned_dose
from patients.derivations.eligibility import eligibility
from patients.facts import Facts
from patients.forms import form_models
from patients.models import (
    AdverseEvent,
    Allocation,
    CaseReportForm,
    ConcomitantMedication,
    DailyDosePeriod,
    DoseAdministration,
    InformedConsent,
    LabResult,
    MedicationError,
    PregnancyExposure,
    Procedure,
    Query,
    SeriousAdverseEventReport,
    Subject,
    Visit,
    VisitStatus,
)
from trials.audit.history import HistoryRow
from trials.models import AuditEvent, Chain, RandomizationSlot, RegulatedModel, StudySetting
from trials.models.dictionary import DictionaryTerm

pytestmark = pytest.mark.usefixtures("demonstration")

LENVATINIB_BELOW_60_KG, LENVATINIB_FROM_60_KG = Decimal(8), Decimal(12)


def test_61_subjects_are_randomized_31_to_arm_a_and_30_to_arm_b() -> None:
    assert Counter(Allocation.objects.values_list("arm__code", flat=True)) == {"A": 31, "B": 30}
    assert set(Allocation.objects.values_list("subject__site__code", flat=True)) == {"ZS"}


def test_slots_are_used_in_the_order_of_randomization() -> None:
    moments = list(Allocation.objects.order_by("slot__number").values_list("randomized_at", flat=True))
    assert moments == sorted(moments)
    assert RandomizationSlot.objects.count() == 61


def test_at_least_8_subjects_fail_screening_each_for_a_rule_that_is_not_met() -> None:
    failed = Subject.objects.filter(status="SCREEN_FAILURE")
    assert failed.count() >= 8
    for subject in failed:
        answers = subject.eligibilityassessments.get().answers.exclude(comment=None)
        assert [answer.rule.code for answer in answers], subject.code
        assert subject.dispositions.get().reason == "SCREEN FAILURE"


def test_two_persons_are_screened_again_under_a_new_number_linked_to_the_old_one() -> None:
    again = Subject.objects.exclude(previous=None).select_related("previous")
    assert len(again) == 2
    assert all(each.number > each.previous.number for each in again)
    assert {each.previous.status for each in again} == {"SCREEN_FAILURE"}
    assert Allocation.objects.filter(subject__in=again).count() == 1


def test_nobody_of_the_second_site_is_randomized_and_some_could_be() -> None:
    there = Counter(Subject.objects.filter(site__code="SY").values_list("status", flat=True))
    assert there == {"SCREEN_FAILURE": 4, "SCREENING": 2}
    for subject in Subject.objects.filter(site__code="SY", status="SCREENING"):
        assert eligibility(Facts([subject]), subject).refusals == {}


def test_the_first_dose_of_lenvatinib_is_8_mg_below_60_kg_and_12_mg_from_60_kg_on() -> None:
    seen = set()
    for allocation in Allocation.objects.select_related("subject"):
        first = allocation.subject.dailydoseperiods.order_by("started", "id").first()
        heavy = first.weight_used >= 60
        assert first.dose == (LENVATINIB_FROM_60_KG if heavy else LENVATINIB_BELOW_60_KG), first
        seen.add(heavy)
    assert seen == {True, False}


@pytest.mark.requirement("R51")
@pytest.mark.parametrize(("form", "day"), [(DoseAdministration, "given_on"), (DailyDosePeriod, "started")])
def test_every_planned_dose_computed_again_equals_the_one_stored(form: type, day: str) -> None:
    records = form.objects.filter(entered_in_error=False).select_related("subject__study")
    assert records.count() > 100
    for record in records:
        planned = planned_dose(record.subject, record.drug_id, getattr(record, day))
        assert planned.dose == record.planned_dose, record
        assert planned.note == record.planned_dose_note


def test_most_visits_take_place_in_their_window() -> None:
    scheduled = Visit.objects.filter(status=VisitStatus.OCCURRED, definition__isnull=False)
    within = scheduled.filter(occurred_on__gte=F("window_from"), occurred_on__lte=F("window_to"))
    assert 0.98 < within.count() / scheduled.count() <= 1
    assert VisitDefinition.objects.count() >= 7


def test_a_visit_is_never_entered_before_it_took_place() -> None:
    for event in AuditEvent.objects.filter(action__in=["open visit", "miss visit"])[:1]:
        assert event.recorded_at
    history = Visit.history.model.objects.select_related("event").filter(status=VisitStatus.OCCURRED)
    assert history.count() > 500
    assert all(row.occurred_on <= row.event.recorded_at.date() for row in history)


def test_there_are_missed_and_unscheduled_visits_each_with_a_reason() -> None:
    assert Visit.objects.filter(status=VisitStatus.MISSED).exclude(missed_reason="").count() >= 10
    assert Visit.objects.filter(definition=None).exclude(unscheduled_reason="").count() >= 3


def test_values_were_corrected_for_a_reason_some_of_them_in_a_row() -> None:
    corrected = AuditEvent.objects.filter(action__startswith="correct ").exclude(reason="")
    growth = {
        "Event has ended: end and outcome added",
        "Period ended: last day added",
        "Medication ended with the event",
        "Therapy has ended",
        "Treatment beyond progression has ended",
        "Decision on the drafted deviation",
        "Outcome of the pregnancy told",
    }
    mended = corrected.exclude(reason__in=growth).exclude(reason__contains="after a query")
    assert 60 <= mended.count() <= 160
    assert LabResult.history.model.objects.filter(event__in=mended, history_type="~").exists()
    assert {event.actor.username for event in mended} <= {"coordinator", "investigator", "outsider"}


def test_two_forms_were_entered_in_error_and_taken_out() -> None:
    assert AdverseEvent.objects.filter(entered_in_error=True).count() == 2


def test_some_queries_are_open_many_are_closed_and_some_are_settled_by_a_reason() -> None:
    states = Counter(Query.objects.values_list("state", flat=True))
    assert 15 <= states["OPEN"] <= 40
    assert states["CLOSED"] >= 50
    settled = Query.objects.filter(state="ACCEPTED")
    assert settled.count() >= 10
    assert all(query.accepted_reason for query in settled)


def test_lenvatinib_is_interrupted_and_reduced_for_adverse_events() -> None:
    changed = DailyDosePeriod.objects.exclude(dose=F("planned_dose"))
    assert changed.filter(dose=0).count() >= 10
    assert changed.filter(dose__gt=0).count() >= 10
    reasons = Counter(changed.values_list("difference", flat=True))
    assert set(reasons) == {"ADVERSE_EVENT", "PHYSICIAN_DECISION", "ERROR"}
    assert reasons["PHYSICIAN_DECISION"] == 4  # the resections


def test_chemotherapy_is_rounded_reduced_and_omitted_with_the_reason_named() -> None:
    reasons = Counter(DoseAdministration.objects.values_list("difference", flat=True))
    assert all(reasons[each] >= 5 for each in ("ROUNDING", "LABORATORY", "ADVERSE_EVENT"))
    assert DoseAdministration.objects.filter(given="N", dose=0).exists()


def test_platelets_and_neutrophils_fall_from_day_1_to_day_8_in_arm_b() -> None:
    for test in ("NEUT", "PLAT"):
        median = {day: _median(test, day) for day in (1, 8)}
        assert median[8] < median[1] * Decimal("0.85")


def _median(test: str, day: int) -> Decimal:
    numbers = LabResult.objects.filter(
        test__code=test, parent__visit__definition__day=day, parent__visit__cycle__number__lte=6,
        parent__subject__allocation__arm__code="B",
    ).order_by("number").values_list("number", flat=True)  # fmt: skip
    return numbers[len(numbers) // 2]


def test_adverse_events_have_partial_dates_grades_and_a_relation_to_each_drug_of_the_arm() -> None:
    events = AdverseEvent.objects.filter(entered_in_error=False)
    assert any(len(event.started) == len("2020-11") for event in events)
    assert {"1", "2", "3"} <= set(events.values_list("grade", flat=True))
    assert events.filter(serious="Y").count() >= 3
    incomplete = 0
    for event in events.prefetch_related("drugs").select_related("subject__allocation__arm"):
        given = set(event.subject.allocation.arm.regimen.values_list("drug_id", flat=True))
        incomplete += {row.drug_id for row in event.drugs.all()} != given
    assert incomplete == 1  # a known defect


FILLED = [form for form in form_models() if form.__module__.startswith("patients.")]


@pytest.mark.parametrize("form", FILLED, ids=lambda form: form.form.oid)
def test_every_form_of_the_casebook_is_filled_for_somebody(form: type[CaseReportForm]) -> None:
    assert form._default_manager.filter(entered_in_error=False).exists()


def test_events_have_terms_of_ctcae_with_grades_that_exist() -> None:
    version = StudySetting.objects.get(key="ctcae_version").value
    known = {
        entry.term: entry.grades
        for entry in DictionaryTerm.objects.filter(dictionary__name="CTCAE", dictionary__version=version)
    }
    for event in AdverseEvent.objects.filter(entered_in_error=False):
        assert event.grade in known[event.ctcae_term], (event.ctcae_term, event.grade)


def test_serious_events_are_reported_first_followed_and_closed() -> None:
    kinds = Counter(SeriousAdverseEventReport.objects.values_list("kind", flat=True))
    serious = AdverseEvent.objects.filter(serious="Y", entered_in_error=False)
    assert kinds["INITIAL"] == serious.count()
    assert kinds["FOLLOW-UP"] >= 1
    assert kinds["FINAL"] == serious.filter(ongoing="N").count()


def test_the_resections_have_pathology_and_residual_tumor() -> None:
    resections = Procedure.objects.filter(kind="RESECTION")
    assert Counter(resections.values_list("subject__allocation__arm__code", flat=True)) == {"A": 3, "B": 1}
    assert set(resections.values_list("residual", flat=True)) == {"R0", "R1"}
    assert all(each.pathology and each.pathological_response for each in resections)


def test_support_and_hepatitis_prophylaxis_are_recorded() -> None:
    kinds = set(ConcomitantMedication.objects.values_list("category", flat=True))
    wanted = {"G-CSF", "RED CELL TRANSFUSION", "PLATELET TRANSFUSION", "HBV PROPHYLAXIS", "STEROID"}
    assert wanted | {"HORMONE REPLACEMENT"} <= kinds
    assert Procedure.objects.filter(kind="BILIARY STENT").exists()


def test_an_overdose_at_home_has_its_form_its_days_its_event_and_its_capsules() -> None:
    error = MedicationError.objects.get(kind="OVERDOSE")
    taken = DailyDosePeriod.objects.get(difference="ERROR")
    assert (taken.subject, taken.started.isoformat()) == (error.subject, error.occurred_on)
    assert (taken.dose, (taken.ended - taken.started).days) == (error.taken_amount, 1)
    assert taken.dose == error.planned_amount + 8
    assert (error.adverse_event.ctcae_term, error.adverse_event.outcome) == (
        "Dizziness",
        "RECOVERED/RESOLVED",
    )
    facts = Facts([error.subject])
    counted = [
        each
        for each in accountabilities(facts, error.subject)
        if each.first <= taken.started and taken.ended < (each.last or taken.ended)
    ]
    assert [each.agreement for each in counted] == [100]


def test_what_the_checks_ask_about_the_overdose_is_accepted_with_a_reason() -> None:
    asked = Query.objects.filter(check_id__in=("EC14a", "EC14b"), state="ACCEPTED")
    overdosed = MedicationError.objects.get(kind="OVERDOSE").subject
    assert {query.subject for query in asked} == {overdosed}
    assert {query.check_id for query in asked} == {"EC14a", "EC14b"}


def test_a_dispensing_error_without_consequence_is_recorded_too() -> None:
    error = MedicationError.objects.get(kind="DISPENSING ERROR")
    assert (error.consequences, error.adverse_event, error.taken_amount) == ("N", None, error.planned_amount)


def test_pregnancies_of_partners_are_followed_as_far_as_they_consent() -> None:
    found = {each.outcome: each for each in PregnancyExposure.objects.all()}
    assert set(found) == {"LIVE BIRTH", "SPONTANEOUS ABORTION"}
    for each in found.values():
        assert (each.who, each.subject.demographicss.get().sex) == ("PARTNER", "M")
        given = set(each.subject.allocation.arm.regimen.values_list("drug_id", flat=True))
        assert {row.drug_id for row in each.drugs.all()} == given
        assert all(row.last_taken <= each.positive_test_on for row in each.drugs.all())
    born, lost = found["LIVE BIRTH"], found["SPONTANEOUS ABORTION"]
    assert (born.child_abnormal, lost.missing_reasons) == ("N", {"child_abnormal": "NOT_APPLICABLE"})
    history = PregnancyExposure.history.model.objects.filter(id=born.pk).order_by("history_id")
    assert [row.outcome for row in history] == ["ONGOING", "LIVE BIRTH"]
    consented = InformedConsent.objects.filter(kind="PREGNANCY", consented="Y")
    assert [each.subject for each in consented] == [born.subject]


def test_subjects_end_by_death_loss_withdrawal_and_the_end_of_the_study() -> None:
    ends = Counter(
        Subject.objects.filter(allocation__isnull=False, dispositions__scope="STUDY").values_list(
            "dispositions__reason", flat=True
        )
    )
    assert set(ends) == {"DEATH", "LOST TO FOLLOW-UP", "WITHDRAWAL BY SUBJECT", "COMPLETED"}
    assert sum(ends.values()) == 61


def test_some_answers_are_missing_for_a_reason() -> None:
    assert LabResult.objects.exclude(missing_reasons={}).exists()
    assert ConcomitantMedication.objects.exclude(missing_reasons={}).exists()


@pytest.mark.parametrize(
    "model",
    [each for each in models_of_the_record() if issubclass(each, RegulatedModel)],
    ids=lambda each: each.__name__,
)
def test_every_live_row_equals_its_newest_history_row(model: type[RegulatedModel]) -> None:
    history = model.history.model
    newest = history.objects.values("id").annotate(last=Max("history_id")).values_list("last", flat=True)
    columns = [field.attname for field in model.history_tracker().fields_included(model)]
    live = {row[0]: row for row in model._base_manager.values_list("pk", *columns)}
    kept = {
        row[0]: row for row in history.objects.filter(history_id__in=list(newest)).values_list("id", *columns)
    }
    assert live == kept


@pytest.mark.parametrize(
    "model",
    [each for each in models_of_the_record() if issubclass(each, HistoryRow)],
    ids=lambda each: each.__name__,
)
def test_no_row_of_history_is_without_its_event(model: type[HistoryRow]) -> None:
    events = AuditEvent.objects.values("id")
    assert not model._base_manager.exclude(event_id__in=events).exists()


def test_each_casebook_has_a_chain_of_its_own_with_events_in_order_of_time() -> None:
    assert Chain.objects.filter(kind="CASEBOOK").count() == Subject.objects.count()
    for chain in Chain.objects.all():
        moments = list(chain.events.order_by("number").values_list("recorded_at", flat=True))
        assert moments == sorted(moments)
