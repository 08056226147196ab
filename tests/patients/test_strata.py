"""The stratum: from captured data at the moment of randomization, never guessed, never borrowed from."""

import pytest

from patients.actions.randomize import randomize
from patients.actions.save_form import create_form, mark_entered_in_error
from patients.derivations.stratum import Stratum, stratum_of
from patients.facts import Facts
from patients.models import (
    Allocation,
    EcogAssessment,
    Subject,
    SubjectStatus,
)
from tests.factories import coordinator_of, make_list, make_site, save, screened_subject
from tests.patients.strata import (
    BY_ECOG,
    BY_SITE,
    BY_WEIGHT,
    screened_in,
    sealed_list,
    stratified_site,
)
from tests.together import together
from trials.actions.errors import ListExhausted, StratumUndetermined, WrongState
from trials.clinical.stratification import SETTING
from trials.clinical.undetermined import Undetermined
from trials.models import RandomizationSlot, Site, StudySetting, User

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R43")]


@pytest.fixture
def site() -> Site:
    return stratified_site()


@pytest.fixture
def coordinator(site: Site) -> User:
    return coordinator_of(site)


def refused(coordinator: User, subject: Subject) -> list[str]:
    with pytest.raises(StratumUndetermined) as refusal:
        randomize(actor=coordinator, subject=subject)
    assert not Allocation.objects.filter(subject=subject).exists()
    assert Subject.objects.get(pk=subject.pk).status == SubjectStatus.SCREENING
    return refusal.value.missing


def test_each_subject_is_drawn_from_the_list_of_its_stratum(coordinator: User, site: Site) -> None:
    sealed_list(site.study, {"ECOG=0": "AAB", "ECOG=1": "BBA"})
    grades = ["1", "0", "0", "1", "1", "0"]
    given = [randomize(actor=coordinator, subject=screened_in(coordinator, site, grade)) for grade in grades]
    assert [(each.stratum, each.arm.code, each.slot.number) for each in given] == [
        ("ECOG=1", "B", 1),
        ("ECOG=0", "A", 1),
        ("ECOG=0", "A", 2),
        ("ECOG=1", "B", 2),
        ("ECOG=1", "A", 3),
        ("ECOG=0", "B", 3),
    ]
    assert all(each.slot.stratum == each.stratum for each in given)


def test_an_exhausted_stratum_never_borrows_from_another(coordinator: User, site: Site) -> None:
    sealed_list(site.study, {"ECOG=0": "AABB", "ECOG=1": "B"})
    randomize(actor=coordinator, subject=screened_in(coordinator, site, "1"))
    last = screened_in(coordinator, site, "1")
    with pytest.raises(ListExhausted, match="no free slot in stratum Performance status: ECOG 1; ask the"):
        randomize(actor=coordinator, subject=last)
    assert not Allocation.objects.filter(subject=last).exists()
    assert RandomizationSlot.objects.filter(stratum="ECOG=0", allocation__isnull=True).count() == 4


def test_an_unstratified_list_gives_nothing_to_a_stratified_study(coordinator: User, site: Site) -> None:
    make_list(site.study, "ABAB")
    with pytest.raises(ListExhausted):
        randomize(actor=coordinator, subject=screened_in(coordinator, site, "1"))


def test_a_missing_fact_is_named_with_its_form_and_nothing_is_drawn() -> None:
    site = stratified_site(BY_ECOG, BY_WEIGHT)
    coordinator = coordinator_of(site)
    sealed_list(site.study, {"ECOG=1;WT=HIGH": "AB"})
    subject = screened_subject(coordinator, site)
    form = EcogAssessment.objects.get(subject=subject)
    stratum = stratum_of(Facts([subject]), subject)
    assert isinstance(stratum, Stratum)
    assert (stratum.code, stratum.words) == ("ECOG=1;WT=HIGH", "Performance status: ECOG 1; WT: HIGH")
    assert {(each.form, each.field, each.value) for each in stratum.sources} == {
        ("ECOG", "grade", "1"),
        ("VS", "weight", "60"),
    }
    mark_entered_in_error(actor=coordinator, record=form, version=form.version, reason="other subject")
    found = stratum_of(Facts([subject]), subject)
    assert isinstance(found, Undetermined)
    assert found.missing == (
        "Performance status (“ECOG performance status” on the form “ECOG performance status”)",
    )


def test_an_answer_outside_of_every_level_is_refused(coordinator: User, site: Site) -> None:
    levels = [{"code": "0", "values": ["0"]}, {"code": "5", "values": ["5"]}]
    stated = StudySetting.objects.get(study=site.study, key=SETTING)
    stated.value = [BY_ECOG | {"levels": levels}]
    save(site.study.chain, stated)
    sealed_list(site.study, {"ECOG=0": "AB", "ECOG=5": "AB"})
    assert refused(coordinator, screened_subject(coordinator, site)) == [
        "level of Performance status for the answer 1"
    ]


def test_two_last_answers_that_differ_are_not_chosen_between(coordinator: User, site: Site) -> None:
    sealed_list(site.study, {"ECOG=0": "AB", "ECOG=1": "AB"})
    subject = screened_subject(coordinator, site)
    visit = subject.visits.get(code="SCR")
    second = {"assessed_on": "2021-03-01", "grade": "0"}
    create_form(actor=coordinator, form=EcogAssessment, subject=subject, visit=visit, data=second)
    assert refused(coordinator, subject) == ["single last answer for Performance status (0 and 1)"]


def test_of_several_days_the_last_answer_counts(coordinator: User, site: Site) -> None:
    sealed_list(site.study, {"ECOG=0": "AB", "ECOG=1": "AB"})
    subject = screened_subject(coordinator, site)
    visit = subject.visits.get(code="SCR")
    later = {"assessed_on": "2021-03-02", "grade": "0"}
    create_form(actor=coordinator, form=EcogAssessment, subject=subject, visit=visit, data=later)
    assert randomize(actor=coordinator, subject=subject).stratum == "ECOG=0"


def test_the_hospital_may_stratify() -> None:
    site = stratified_site(BY_SITE)
    other, third = make_site(site.study, "PK"), make_site(site.study, "HZ")
    sealed_list(site.study, {"SITE=ZS": "A", "SITE=PK": "B"})
    given = [
        randomize(actor=coordinator_of(at), subject=screened_subject(coordinator_of(at), at)).stratum
        for at in (other, site)
    ]
    assert given == ["SITE=PK", "SITE=ZS"]
    actor = coordinator_of(third)
    assert refused(actor, screened_subject(actor, third)) == ["level of SITE for the site HZ"]


def test_factors_that_ask_for_a_question_which_does_not_exist_refuse() -> None:
    site = stratified_site(BY_ECOG | {"field": "colour"})
    actor = coordinator_of(site)
    assert refused(actor, screened_subject(actor, site)) == [
        "question colour on a form ECOG for Performance status"
    ]


def test_factors_that_cannot_be_read_refuse() -> None:
    site = stratified_site({"code": "ECOG"})
    actor = coordinator_of(site)
    assert "stratification that can be followed" in refused(actor, screened_subject(actor, site))[0]
    with pytest.raises(WrongState, match="cannot be followed"):
        sealed_list(site.study, {"": "AB"})


@pytest.mark.django_db(transaction=True)
def test_fifty_subjects_of_two_strata_at_once_get_the_forty_slots_in_order_without_gap() -> None:
    site = stratified_site()
    actor = coordinator_of(site)
    sealed_list(site.study, {"ECOG=0": "ABBA" * 5, "ECOG=1": "BAAB" * 5})
    subjects = [screened_in(actor, site, str(number % 2)) for number in range(50)]

    made = together(
        *[lambda subject=subject: randomize(actor=actor, subject=subject) for subject in subjects]
    )

    assert sorted(type(each).__name__ for each in made) == ["Allocation"] * 40 + ["ListExhausted"] * 10
    for stratum, arms in (("ECOG=0", "ABBA" * 5), ("ECOG=1", "BAAB" * 5)):
        in_order = Allocation.objects.filter(stratum=stratum).select_related("slot", "arm").order_by("id")
        assert [each.slot.number for each in in_order] == list(range(1, 21))
        assert "".join(each.arm.code for each in in_order) == arms
        assert {each.slot.stratum for each in in_order} == {stratum}
