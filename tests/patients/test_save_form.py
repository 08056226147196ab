"""First entry and correction of a form."""

from decimal import Decimal
from typing import Any

import pytest

from patients.actions.save_form import create_form, mark_entered_in_error
from patients.models import (
    AdverseEvent,
    BloodPressure,
    Demographics,
    DoseAdministration,
    EligibilityAssessment,
    InformedConsent,
    LabSample,
    MedicalHistory,
    Subject,
    Visit,
    VitalSigns,
)
from tests.factories import CONSENT_DAY, coordinator_of, make_site, opened, person, screened_subject
from tests.patients.conftest import correct, errors_of, events_of_casebook
from trials.actions.errors import ReasonRequired, Refused, Stale, WrongState
from trials.models import Role, Site, Study, User
from trials.roles import NotPermitted

# ---------------------------------------------------------------- first entry


@pytest.mark.requirement("R08")
def test_a_first_entry_needs_no_reason_and_leaves_one_event(
    coordinator: User, subject: Subject, man_of_59: Demographics
) -> None:
    event = events_of_casebook(subject)[-1]
    assert (event.action, event.reason, event.role, event.actor) == (
        "enter DM",
        "",
        Role.COORDINATOR,
        coordinator,
    )
    assert event.rows == 1
    assert (man_of_59.version, man_of_59.repeat, man_of_59.protocol_version) == (1, 1, "1.0")


def test_a_form_with_rows_is_one_act(enter: Any, visit: Visit, subject: Subject) -> None:
    before = len(events_of_casebook(subject))
    pressures = [{"systolic": 120, "diastolic": 80}, {"systolic": 130, "diastolic": 85}]
    form = enter(
        VitalSigns, visit=visit, measured_on="2021-03-01", weight="60", rows={"blood_pressures": pressures}
    )
    assert [row.repeat for row in form.blood_pressures.all()] == [1, 2]
    assert len(events_of_casebook(subject)) == before + 1
    assert events_of_casebook(subject)[-1].rows == 3


def test_a_form_on_which_nothing_is_said_is_refused_and_one_that_says_why_is_kept(
    enter: Any, visit: Visit
) -> None:
    with pytest.raises(Refused, match="Nothing is answered"):
        enter(VitalSigns, visit=visit)
    assert enter(VitalSigns, visit=visit, missing_reasons={"weight": "NOT_DONE"}).pk


def test_an_empty_line_of_a_form_is_no_row(enter: Any, visit: Visit) -> None:
    lines = [{"systolic": 120, "diastolic": 80}, {"systolic": None, "diastolic": ""}, {}]
    form = enter(VitalSigns, visit=visit, measured_on="2021-03-01", rows={"blood_pressures": lines})
    assert form.blood_pressures.count() == 1


def test_every_error_is_told_at_once_each_at_its_field_and_row(enter: Any, visit: Visit) -> None:
    with pytest.raises(Refused) as refusal:
        enter(
            VitalSigns,
            visit=visit,
            measured_on="2099-01-01",
            weight="600",
            wieght="60",
            rows={"blood_pressures": [{"systolic": 120, "diastolic": 80}, {"systolic": 999}]},
        )
    errors = errors_of(refusal)
    assert set(errors) == {"measured_on", "weight", "wieght", "blood_pressures"}
    assert "future" in errors["measured_on"][0]
    assert errors["wieght"] == ["is not a field of this form"]
    assert errors["blood_pressures"] == [{}, {"systolic": ["must be between 40 and 300 mmHg"]}]


def test_a_refused_entry_leaves_nothing(enter: Any, visit: Visit, subject: Subject) -> None:
    before = len(events_of_casebook(subject))
    with pytest.raises(Refused):
        enter(
            VitalSigns,
            visit=visit,
            measured_on="2021-03-01",
            rows={"blood_pressures": [{"systolic": 120, "diastolic": 80}, {"systolic": 999}]},
        )
    assert not VitalSigns.objects.exists()
    assert not BloodPressure.objects.exists()
    assert len(events_of_casebook(subject)) == before


def test_what_the_server_computes_cannot_be_sent(enter: Any, visit: Visit) -> None:
    with pytest.raises(Refused) as refusal:
        enter(DoseAdministration, visit=visit, planned_dose="99", weight_used="60")
    assert errors_of(refusal) == {
        "planned_dose": ["is computed by the server and cannot be sent"],
        "weight_used": ["is computed by the server and cannot be sent"],
    }


@pytest.mark.parametrize(
    "name", ["id", "version", "subject", "subject_id", "chain", "entry_state", "pk", "repeat", "form_version"]
)
def test_bookkeeping_columns_cannot_be_sent(enter: Any, name: str) -> None:
    with pytest.raises(Refused) as refusal:
        enter(MedicalHistory, term="Hepatitis B", **{name: 7})
    assert errors_of(refusal) == {name: ["is not a field of this form"]}


def test_a_form_that_does_not_repeat_is_entered_once(enter: Any, man_of_59: Demographics) -> None:
    with pytest.raises(WrongState, match="exists already"):
        enter(Demographics, birth="1961-05", age=59, sex="M")


def test_forms_that_repeat_are_counted_by_the_server(enter: Any) -> None:
    assert [enter(MedicalHistory, term=term).repeat for term in ("Hepatitis B", "Gout", "Asthma")] == [
        1,
        2,
        3,
    ]


def test_a_form_of_a_visit_needs_a_visit_and_one_of_the_casebook_takes_none(enter: Any, visit: Visit) -> None:
    with pytest.raises(Refused, match="visit: .*is required"):
        enter(VitalSigns, measured_on="2021-03-01")
    with pytest.raises(Refused, match="visit: .*must be empty"):
        enter(MedicalHistory, visit=visit, term="Gout")


def test_the_visit_of_another_subject_is_not_taken(
    enter: Any, coordinator: User, site: Site, subject: Subject
) -> None:
    other = screened_subject(coordinator, site)
    foreign = Visit.objects.get(subject=other, code="SCR")
    with pytest.raises(Refused, match="is not a visit of this subject"):
        enter(VitalSigns, visit=foreign, measured_on="2021-03-01")


@pytest.mark.parametrize("code", ["NOWHERE", "PK-LAB"])
def test_an_unknown_laboratory_and_one_of_another_site_are_refused_in_the_same_words(
    enter: Any, visit: Visit, study: Study, code: str
) -> None:
    make_site(study, "PK")
    with pytest.raises(Refused) as refusal:
        enter(LabSample, visit=visit, collected_on="2021-03-01", laboratory=code)
    assert errors_of(refusal) == {"laboratory": ["is not a known code"]}


@pytest.mark.parametrize("role", [Role.MONITOR, Role.DATA_MANAGER, Role.STATISTICIAN, Role.ADMINISTRATOR])
def test_who_does_not_enter_data_saves_no_form(subject: Subject, study: Study, role: Role) -> None:
    with pytest.raises(NotPermitted):
        create_form(
            actor=person(role, study), form=MedicalHistory, subject=subject, data={"term": "Hepatitis B"}
        )
    assert not MedicalHistory.objects.exists()


def test_a_coordinator_of_another_site_saves_no_form(subject: Subject, study: Study) -> None:
    with pytest.raises(NotPermitted):
        create_form(
            actor=coordinator_of(make_site(study, "PK")), form=MedicalHistory, subject=subject, data={}
        )


# ---------------------------------------------------------------- correction


def test_a_correction_keeps_its_reason_and_raises_the_version(
    coordinator: User, subject: Subject, man_of_59: Demographics
) -> None:
    changed = correct(coordinator, man_of_59, age=58, reason="  misread  ")
    event = events_of_casebook(subject)[-1]
    assert (changed.age, changed.version) == (58, 2)
    assert (event.action, event.reason) == ("correct DM", "misread")


@pytest.mark.requirement("R08")
@pytest.mark.parametrize("reason", ["", "   ", "\n\t", None, "　"])
def test_a_correction_without_a_reason_is_refused(
    coordinator: User, man_of_59: Demographics, reason: Any
) -> None:
    with pytest.raises(ReasonRequired) as refusal:
        correct(coordinator, man_of_59, age=58, reason=reason)
    assert list(errors_of(refusal)) == ["change_reason"]
    man_of_59.refresh_from_db()
    assert (man_of_59.age, man_of_59.version) == (59, 1)


@pytest.mark.parametrize("reason", [5, ["because"], {"why": "x"}, True, "a\x00b", "\ud800", "x" * 1001])
def test_a_reason_that_is_no_text_of_a_reason_is_refused_by_name(
    coordinator: User, man_of_59: Demographics, reason: Any
) -> None:
    with pytest.raises(Refused) as refusal:
        correct(coordinator, man_of_59, age=58, reason=reason)
    assert list(errors_of(refusal)) == ["change_reason"]


def test_a_stale_version_is_refused_and_says_the_current_one(
    coordinator: User, man_of_59: Demographics
) -> None:
    correct(coordinator, man_of_59, age=58)
    with pytest.raises(Stale) as refusal:
        correct(coordinator, man_of_59, age=57, version=1)
    assert (refusal.value.current, refusal.value.status) == (2, 412)
    assert Demographics.objects.get().age == 58


@pytest.mark.parametrize("version", ["1", None, 1.0, True, [1], {}])
def test_a_version_that_is_no_number_is_refused_by_name(
    coordinator: User, man_of_59: Demographics, version: Any
) -> None:
    for act in (
        lambda: correct(coordinator, man_of_59, age=58, version=version),
        lambda: mark_entered_in_error(actor=coordinator, record=man_of_59, version=version, reason="x"),
    ):
        with pytest.raises(Refused) as refusal:
            act()
        assert list(errors_of(refusal)) == ["version"]


@pytest.mark.parametrize("version", [0, -1, 2, 10**30])
def test_a_version_that_was_never_read_is_stale(
    coordinator: User, man_of_59: Demographics, version: int
) -> None:
    with pytest.raises(Stale):
        correct(coordinator, man_of_59, age=58, version=version)


def test_a_form_saved_unchanged_leaves_no_event_and_no_version(
    coordinator: User, subject: Subject, vital_signs: VitalSigns
) -> None:
    before = len(events_of_casebook(subject))
    same = correct(coordinator, vital_signs, weight="60.00", height=Decimal(170), measured_on="2021-03-01")
    assert same.version == 1
    assert len(events_of_casebook(subject)) == before


def test_a_dose_saved_unchanged_leaves_no_event_although_its_plan_was_computed(
    coordinator: User, in_arm_b: Subject
) -> None:
    visit = opened(coordinator, in_arm_b, "C1D1", CONSENT_DAY)
    data = {"drug": "OXALIPLATIN", "given": "Y", "given_on": "2021-03-01", "dose": "143.08"}
    dose = create_form(actor=coordinator, form=DoseAdministration, subject=in_arm_b, visit=visit, data=data)
    before = len(events_of_casebook(in_arm_b))
    assert correct(coordinator, dose, **data).version == 1
    assert len(events_of_casebook(in_arm_b)) == before


def test_only_what_is_sent_changes(coordinator: User, vital_signs: VitalSigns) -> None:
    changed = correct(coordinator, vital_signs, weight="61")
    assert (changed.weight, changed.height) == (61, 170)


def test_an_answer_is_taken_back_by_sending_it_empty(coordinator: User, vital_signs: VitalSigns) -> None:
    assert correct(coordinator, vital_signs, height=None).height is None
    assert correct(coordinator, vital_signs, weight="", version=2).weight is None


# ---------------------------------------------------------------- external ids


def test_an_external_id_is_used_once_for_a_kind_of_form(coordinator: User, enter: Any) -> None:
    enter(MedicalHistory, term="Gout", external_id="HIS-7")
    other = enter(MedicalHistory, term="Asthma", external_id="HIS-8")
    for act in (
        lambda: enter(MedicalHistory, term="Gout", external_id="HIS-7"),
        lambda: correct(coordinator, other, external_id="HIS-7"),
    ):
        with pytest.raises(WrongState) as refusal:
            act()
        assert list(errors_of(refusal)) == ["external_id"]
    assert enter(AdverseEvent, term="Rash", external_id="HIS-7").external_id == "HIS-7"


def test_the_external_id_of_a_form_entered_in_error_may_be_used_again(coordinator: User, enter: Any) -> None:
    wrong = enter(MedicalHistory, term="Gout", external_id="HIS-7")
    mark_entered_in_error(actor=coordinator, record=wrong, version=1, reason="wrong subject")
    assert enter(MedicalHistory, term="Gout", external_id="HIS-7").repeat == 2


def test_many_forms_may_have_no_external_id(enter: Any) -> None:
    for _ in range(2):
        assert enter(MedicalHistory, term="Gout", external_id="  ").external_id == ""


@pytest.mark.requirement("R50")
def test_consent_and_eligibility_keep_their_first_version_in_the_history(
    coordinator: User, enter: Any, consent: InformedConsent
) -> None:
    correct(coordinator, consent, signed_on="2021-03-02")
    kept = InformedConsent.history.filter(id=consent.pk).order_by("history_id")
    assert [row.signed_on.isoformat() for row in kept] == ["2021-03-01", "2021-03-02"]
    assert [row.history_type for row in kept] == ["+", "~"]
    assert EligibilityAssessment.history.count() == 0
