"""Checks of randomization: a later correction of what stratified moves nobody, and is asked about."""

from datetime import UTC, datetime

import pytest
from pytest_django import Settings

from patients.actions.randomize import randomize
from patients.actions.save_form import create_form, mark_entered_in_error
from patients.models import (
    Allocation,
    DeviationCategory,
    DeviationStatus,
    EcogAssessment,
    InformedConsent,
    ProtocolDeviation,
    Query,
    QueryState,
    Subject,
)
from tests.factories import coordinator_of, save
from tests.patients.strata import BY_ECOG, BY_WEIGHT, regrade, screened_in, sealed_list, stratified_site
from trials.audit import clock
from trials.clinical.stratification import SETTING
from trials.models import Site, StudySetting, User

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R43")]
CHECKS_TESTED_HERE = {"RA01", "RA02"}


@pytest.fixture
def site() -> Site:
    return stratified_site()


@pytest.fixture
def coordinator(site: Site) -> User:
    return coordinator_of(site)


def open_queries(subject: Subject) -> list[Query]:
    return list(Query.objects.filter(subject=subject, check_id__in=CHECKS_TESTED_HERE, state=QueryState.OPEN))


def drafts(subject: Subject) -> list[ProtocolDeviation]:
    return list(ProtocolDeviation.objects.filter(subject=subject, rule__in=CHECKS_TESTED_HERE))


def test_a_later_correction_moves_nobody_and_is_asked_about(coordinator: User, site: Site) -> None:
    sealed_list(site.study, {"ECOG=0": "AB", "ECOG=1": "BA"})
    subject = screened_in(coordinator, site, "1")
    before = randomize(actor=coordinator, subject=subject)
    assert not open_queries(subject)
    regrade(coordinator, subject, "0")
    after = Allocation.objects.get(subject=subject)
    assert (after.slot_id, after.arm_id, after.stratum) == (before.slot_id, before.arm_id, "ECOG=1")
    [query] = open_queries(subject)
    assert (query.check_id, query.form, query.field) == ("RA01", "ECOG", "grade")
    assert (
        "in the stratum Performance status: ECOG 1; the data say Performance status: ECOG 0" in query.message
    )
    [draft] = drafts(subject)
    assert (draft.category, draft.status) == (DeviationCategory.RANDOMIZATION, DeviationStatus.DRAFT)
    regrade(coordinator, subject, "1")
    assert not open_queries(subject)
    assert drafts(subject)[0].status == DeviationStatus.REJECTED


def test_a_fact_that_is_gone_after_randomization_is_asked_for_at_the_consent(
    coordinator: User, site: Site
) -> None:
    sealed_list(site.study, {"ECOG=0": "AB", "ECOG=1": "BA"})
    subject = screened_in(coordinator, site, "1")
    randomize(actor=coordinator, subject=subject)
    form = EcogAssessment.objects.get(subject=subject)
    mark_entered_in_error(actor=coordinator, record=form, version=form.version, reason="other subject")
    [query] = open_queries(subject)
    consent = InformedConsent.objects.get(subject=subject)
    assert (query.check_id, query.form, query.record_id) == ("RA02", "IC", consent.pk)
    assert Allocation.objects.get(subject=subject).stratum == "ECOG=1"
    assert [each.category for each in drafts(subject)] == [DeviationCategory.RANDOMIZATION]


def test_an_assessment_of_a_later_day_says_nothing_about_the_stratum(
    coordinator: User, site: Site, settings: Settings
) -> None:
    settings.DEMO = True  # for another clock
    sealed_list(site.study, {"ECOG=0": "AB", "ECOG=1": "BA"})
    subject = screened_in(coordinator, site, "1")
    with clock.simulated(datetime(2021, 3, 2, 4, tzinfo=UTC)):
        randomize(actor=coordinator, subject=subject)
    visit = subject.visits.get(code="SCR")
    later = {"assessed_on": "2021-03-03", "grade": "0"}
    create_form(actor=coordinator, form=EcogAssessment, subject=subject, visit=visit, data=later)
    assert not open_queries(subject)


def test_a_factor_of_later_days_asks_about_nobody_randomized_before(coordinator: User, site: Site) -> None:
    sealed_list(site.study, {"ECOG=0": "AB", "ECOG=1": "BA"})
    subject = screened_in(coordinator, site, "1")
    randomize(actor=coordinator, subject=subject)
    stated = StudySetting.objects.get(study=site.study, key=SETTING)
    stated.value = [BY_ECOG, BY_WEIGHT]
    save(site.study.chain, stated)
    form = EcogAssessment.objects.get(subject=subject)
    mark_entered_in_error(actor=coordinator, record=form, version=form.version, reason="other subject")
    [query] = open_queries(subject)
    assert "WT" not in query.message
