"""Reads are scoped: what lies at another site does not exist."""

from typing import Any

import pytest
from django.apps import apps
from django.db import models

from patients.models import CaseReportForm, PolicyAcknowledgment, Row, Subject
from patients.selectors import choose_range, path_to_site, subjects, visible
from tests.factories import (
    UserFactory,
    assign,
    coordinator_of,
    make_list,
    make_site,
    make_study,
    person,
    randomized_subject,
)
from trials.audit.history import HistoryRow
from trials.models import ReferenceRange, RegulatedModel, Role, Site, Study, User
from trials.roles import Verb

CAPTURED = [
    model
    for model in apps.get_app_config("patients").get_models()
    if issubclass(model, RegulatedModel) and not issubclass(model, HistoryRow | PolicyAcknowledgment)
]


@pytest.mark.parametrize("model", CAPTURED, ids=lambda model: model.__name__)
def test_every_kind_of_captured_data_can_be_scoped(model: type[models.Model], site: Site) -> None:
    actor = coordinator_of(site)
    assert path_to_site(model)
    assert list(visible(model, actor)) == []


def test_forms_rows_and_everything_about_a_subject_are_seen_at_its_site_only(study: Study) -> None:
    sites = [make_site(study, "ZS"), make_site(study, "PK")]
    make_list(study, "AB")
    own, foreign = (coordinator_of(site) for site in sites)
    subject = randomized_subject(own, sites[0])
    seen = {model for model in CAPTURED if visible(model, own).exists()}
    assert {
        Subject,
        *(model for model in CAPTURED if model.__name__ in ("Allocation", "Cycle", "Visit")),
    } <= seen
    assert any(issubclass(model, CaseReportForm) for model in seen)
    assert any(issubclass(model, Row) for model in seen)
    for model in CAPTURED:
        assert not visible(model, foreign).exists()
    assert list(subjects(own)) == [subject]
    assert list(subjects(foreign)) == []


def test_a_site_is_visible_to_who_may_read_there(study: Study, site: Site) -> None:
    other = make_site(study, "PK")
    assert set(visible(Site, coordinator_of(site))) == {site}
    assert set(visible(Site, person(Role.MONITOR, study))) == {site, other}
    assert set(visible(Site, person(Role.ADMINISTRATOR, study))) == set()


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        (Role.INVESTIGATOR, True),
        (Role.COORDINATOR, True),
        (Role.MONITOR, True),
        (Role.DATA_MANAGER, True),
        (Role.STATISTICIAN, True),
        (Role.RANDOMIZATION_KEEPER, False),
        (Role.ADMINISTRATOR, False),
    ],
)
def test_who_reads_clinical_data_sees_subjects(
    study: Study, subject: Subject, role: Role, seen: bool
) -> None:
    assert subjects(person(role, study)).exists() is seen


@pytest.mark.requirement("R39")
def test_neither_an_administrator_of_the_installation_nor_a_closed_account_sees_subjects(
    study: Study, subject: Subject
) -> None:
    root, gone = UserFactory(is_superuser=True), person(Role.MONITOR, study)
    gone.is_active = False
    assert not subjects(root).exists()
    assert not subjects(gone).exists()
    assert not subjects(User.objects.system_user()).exists()


def test_a_subject_of_another_study_is_not_seen(study: Study, subject: Subject) -> None:
    other = make_study("TEST-2")
    make_site(other, "ZS")
    assert not subjects(person(Role.MONITOR, other)).exists()


def test_two_roles_show_each_subject_once(study: Study, site: Site, subject: Subject) -> None:
    user = assign(person(Role.MONITOR, study), Role.COORDINATOR, study, site)
    assert list(subjects(user)) == [subject]


def test_what_may_be_seen_may_be_asked_for_another_verb(study: Study, subject: Subject) -> None:
    monitor = person(Role.MONITOR, study)
    assert visible(Subject, monitor).exists()
    assert not visible(Subject, monitor, Verb.IMPORT).exists()


# ---------------------------------------------------------------- which range applies


def limits(sex: str = "", ages: tuple[int, int] = (0, 150)) -> ReferenceRange:
    return ReferenceRange(sex=sex, age_from=ages[0], age_to=ages[1])


FEMALE, MALE, BOTH = limits("F"), limits("M"), limits()
YOUNG, OLD = limits(ages=(0, 64)), limits(ages=(65, 150))


@pytest.mark.parametrize(
    ("ranges", "sex", "ages", "chosen"),
    [
        ([], "M", (60, 60), None),
        ([BOTH], None, None, BOTH),
        ([FEMALE, MALE], "M", None, MALE),
        ([FEMALE, MALE], None, None, None),
        ([FEMALE, BOTH], "F", None, FEMALE),
        ([FEMALE, BOTH], "M", None, BOTH),
        ([FEMALE, BOTH], None, None, None),
        ([YOUNG, OLD], None, (64, 64), YOUNG),
        ([YOUNG, OLD], None, (65, 66), OLD),
        ([YOUNG, OLD], None, (64, 65), None),
        ([YOUNG, OLD], None, None, None),
        ([OLD], None, (64, 65), None),
        ([BOTH, limits()], "M", (60, 60), None),
    ],
)
def test_a_range_is_chosen_only_where_it_certainly_applies(
    ranges: list[ReferenceRange], sex: Any, ages: Any, chosen: ReferenceRange | None
) -> None:
    assert choose_range(ranges, sex, ages) is chosen
    assert choose_range(ranges[::-1], sex, ages) is chosen
