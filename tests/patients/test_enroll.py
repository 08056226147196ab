"""A subject gets the next number of its site, a casebook and a screening visit; nobody chooses a number."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from patients.actions.enroll import enroll
from patients.actions.save_form import create_form
from patients.models import Disposition, Subject, SubjectStatus, Visit
from tests.factories import CONSENT_DAY, coordinator_of, make_site, make_study, person
from tests.patients.conftest import events_of_casebook
from tests.together import together
from trials.actions.errors import Refused, WrongState
from trials.models import Chain, Role, Site, Study, User
from trials.roles import NotPermitted


def fail_screening(actor: User, subject: Subject) -> Subject:
    data = {"scope": "SCREENING", "ended_on": "2021-03-05", "reason": "SCREEN FAILURE"}
    create_form(actor=actor, form=Disposition, subject=subject, data=data)
    subject.refresh_from_db()
    return subject


def test_codes_are_the_site_and_its_next_number(coordinator: User, site: Site) -> None:
    made = [enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY) for _ in range(3)]
    assert [subject.code for subject in made] == ["ZS-001", "ZS-002", "ZS-003"]
    assert all(subject.status == SubjectStatus.SCREENING for subject in made)


def test_each_site_counts_for_itself(coordinator: User, site: Site, study: Study) -> None:
    other = make_site(study, "PK")
    enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY)
    assert enroll(actor=coordinator_of(other), site=other, screened_on=CONSENT_DAY).code == "PK-001"


def test_a_new_casebook_starts_with_one_event_that_holds_the_subject_and_the_screening_visit(
    subject: Subject,
) -> None:
    [event] = events_of_casebook(subject)
    assert (event.number, event.action, event.rows, event.role) == (1, "enroll", 2, Role.COORDINATOR)
    visit = Visit.objects.get(subject=subject)
    assert (visit.code, visit.planned_on) == ("SCR", CONSENT_DAY)
    assert (visit.window_from, visit.window_to) == (date(2021, 2, 26), date(2021, 3, 4))


def test_a_refused_enrollment_uses_no_number_and_leaves_no_chain(coordinator: User, site: Site) -> None:
    chains = Chain.objects.count()
    with pytest.raises(Refused, match="future"):
        enroll(actor=coordinator, site=site, screened_on=date(2100, 1, 1))
    assert Chain.objects.count() == chains
    assert enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY).code == "ZS-001"


@pytest.mark.parametrize(
    "day", [None, "", "yesterday", "2021-02-30", "2021-03", 20210301, True, [], date(1, 1, 1), "9999-12-31"]
)
def test_a_first_day_of_screening_that_is_no_day_is_refused_by_name(
    coordinator: User, site: Site, day: Any
) -> None:
    with pytest.raises(Refused) as refusal:
        enroll(actor=coordinator, site=site, screened_on=day)
    assert list(refusal.value.errors) == ["screened_on"]


def test_an_instant_is_not_taken_for_a_day(coordinator: User, site: Site) -> None:
    with pytest.raises(Refused, match="screened_on"):
        enroll(actor=coordinator, site=site, screened_on=datetime(2021, 3, 1, tzinfo=UTC))


@pytest.mark.parametrize("external_id", [5, ["a"], {}, "x" * 101, "a\x00b", "a\nb", "\ud800"])
def test_an_external_id_that_is_none_is_refused_by_name(
    coordinator: User, site: Site, external_id: Any
) -> None:
    with pytest.raises(Refused) as refusal:
        enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY, external_id=external_id)
    assert list(refusal.value.errors) == ["external_id"]


def test_an_external_id_is_used_once_at_a_site_and_may_return_at_another(
    coordinator: User, site: Site, study: Study
) -> None:
    enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY, external_id="HIS-7")
    with pytest.raises(WrongState, match="already used"):
        enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY, external_id=" HIS-7 ")
    other = make_site(study, "PK")
    other_coordinator = coordinator_of(other)
    assert enroll(actor=other_coordinator, site=other, screened_on=CONSENT_DAY, external_id="HIS-7")


@pytest.mark.parametrize("role", [Role.MONITOR, Role.DATA_MANAGER, Role.STATISTICIAN, Role.ADMINISTRATOR])
def test_who_does_not_enter_data_does_not_enroll(site: Site, study: Study, role: Role) -> None:
    with pytest.raises(NotPermitted):
        enroll(actor=person(role, study), site=site, screened_on=CONSENT_DAY)


# ---------------------------------------------------------------- screened again


def test_a_screening_failure_may_be_screened_again_once_under_a_new_number(
    coordinator: User, site: Site, subject: Subject
) -> None:
    failed = fail_screening(coordinator, subject)
    again = enroll(actor=coordinator, site=site, screened_on=date(2021, 5, 1), previous=failed)
    assert (again.code, again.previous) == ("ZS-002", failed)
    with pytest.raises(WrongState, match="screened again already"):
        enroll(actor=coordinator, site=site, screened_on=date(2021, 6, 1), previous=failed)


def test_who_is_still_in_screening_is_not_screened_again(
    coordinator: User, site: Site, subject: Subject
) -> None:
    with pytest.raises(WrongState, match="not a screening failure"):
        enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY, previous=subject)


def test_a_subject_of_another_site_is_not_known_as_an_earlier_one(
    coordinator: User, site: Site, study: Study
) -> None:
    other = make_site(study, "PK")
    actor = coordinator_of(other)
    foreign = fail_screening(actor, enroll(actor=actor, site=other, screened_on=CONSENT_DAY))
    with pytest.raises(Refused, match="not a known subject"):
        enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY, previous=foreign)


# ---------------------------------------------------------------- many at once


@pytest.mark.django_db(transaction=True)
def test_eight_enrollments_at_once_get_eight_numbers_without_gap() -> None:
    site = make_site(make_study())
    actors = [coordinator_of(site) for _ in range(8)]
    made = together(
        *[lambda actor=actor: enroll(actor=actor, site=site, screened_on=CONSENT_DAY) for actor in actors]
    )
    assert sorted(subject.number for subject in made) == list(range(1, 9))
    assert sorted(subject.code for subject in made) == [f"ZS-00{number}" for number in range(1, 9)]


@pytest.mark.django_db(transaction=True)
def test_of_two_enrollments_at_once_with_one_external_id_one_is_refused_by_name() -> None:
    site = make_site(make_study())
    actors = [coordinator_of(site) for _ in range(3)]
    made = together(
        *[
            lambda actor=actor: enroll(actor=actor, site=site, screened_on=CONSENT_DAY, external_id="HIS-7")
            for actor in actors
        ]
    )
    assert sorted(type(each).__name__ for each in made) == ["Subject", "WrongState", "WrongState"]
    assert Subject.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_enrollments_at_once_that_name_the_same_earlier_subject_one_is_refused() -> None:
    site = make_site(make_study())
    actor = coordinator_of(site)
    failed = fail_screening(actor, enroll(actor=actor, site=site, screened_on=CONSENT_DAY))
    made = together(
        *[lambda: enroll(actor=actor, site=site, screened_on=CONSENT_DAY, previous=failed) for _ in range(3)]
    )
    assert sorted(type(each).__name__ for each in made) == ["Subject", "WrongState", "WrongState"]
