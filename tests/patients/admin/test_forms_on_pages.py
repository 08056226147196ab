"""Case report forms on admin pages: entered, corrected, refused, read."""

import re
from datetime import date
from typing import Any

import pytest
from django.test import Client

from patients.actions.save_form import change_form, create_form
from patients.models import (
    AdverseEvent,
    Demographics,
    EligibilityAssessment,
    LabResult,
    LabSample,
    Query,
    Subject,
    VitalSigns,
)
from tests.factories import (
    coordinator_of,
    eligible_answers,
    make_list,
    make_site,
    make_study,
    opened,
    person,
    randomized_subject,
    screened_subject,
)
from trials.models import AuditEvent, Role

pytestmark = pytest.mark.django_db


class House:
    """A study with one site, its coordinator logged in, and a screened subject."""

    def __init__(self) -> None:
        self.study = make_study()
        self.site = make_site(self.study)
        self.coordinator = coordinator_of(self.site)
        self.subject = screened_subject(self.coordinator, self.site)
        self.client = Client()
        self.client.force_login(self.coordinator, backend="trials.authentication.RoleBackend")

    def add(self, model: str, **query: Any) -> str:
        asked = "&".join(f"{key}={value}" for key, value in {"subject": self.subject.pk, **query}.items())
        return f"/admin/patients/{model}/add/?{asked}"

    def as_(self, role: str) -> Client:
        client = Client()
        user = person(role, self.study, self.site)
        client.force_login(user, backend="trials.authentication.RoleBackend")
        return client


@pytest.fixture
def house() -> House:
    return House()


def rows(name: str, *lines: dict[str, Any]) -> dict[str, str]:
    """The fields that a page sends for its lines."""
    sent = {f"{name}-TOTAL_FORMS": str(len(lines)), f"{name}-INITIAL_FORMS": "0"}
    for number, line in enumerate(lines):
        sent |= {f"{name}-{number}-{field}": str(value) for field, value in line.items()}
    return sent


def shown(page: Any) -> str:
    return re.sub(r"\s+", " ", page.content.decode())


def vital_signs(house: House, **answers: Any) -> VitalSigns:
    visit = house.subject.visits.get(code="SCR")
    return create_form(
        actor=house.coordinator,
        form=VitalSigns,
        subject=house.subject,
        visit=visit,
        data={"measured_on": "2021-03-01", "weight": "61.5", **answers},
        rows={"blood_pressures": [{"systolic": 120, "diastolic": 80}]},
    )


def page_of(record: Any) -> str:
    return f"/admin/patients/{record._meta.model_name}/{record.pk}/change/"


def test_a_form_with_its_rows_is_entered_by_one_act(house: House) -> None:
    visit = house.subject.visits.get(code="SCR")
    before = AuditEvent.objects.count()
    reply = house.client.post(
        house.add("vitalsigns", visit=visit.pk),
        {
            "measured_on": "2021-03-01",
            "weight": "61.50",
            "missing_height": "NOT_DONE",
            **rows(
                "blood_pressures",
                {"systolic": "120", "diastolic": "80"},
                {"systolic": "", "diastolic": ""},
                {"systolic": "130", "diastolic": "85"},
            ),
        },
    )
    assert reply.status_code == 302, shown(reply)
    saved = VitalSigns.objects.latest("id")
    assert (str(saved.weight), saved.missing_reasons) == ("61.5000", {"height": "NOT_DONE"})
    assert list(saved.blood_pressures.values_list("systolic", "diastolic")) == [(120, 80), (130, 85)]
    assert AuditEvent.objects.count() == before + 1


def test_a_refused_entry_stores_nothing_and_keeps_what_was_typed(house: House) -> None:
    visit = house.subject.visits.get(code="SCR")
    forms, events = VitalSigns.objects.count(), AuditEvent.objects.count()
    reply = house.client.post(
        house.add("vitalsigns", visit=visit.pk),
        {
            "measured_on": "2099-01-01",
            "weight": "heavy",
            **rows("blood_pressures", {"systolic": "120", "diastolic": "8000"}),
        },
    )
    page = shown(reply)
    assert reply.status_code == 200
    assert 'value="heavy"' in page
    assert 'value="8000"' in page
    assert "lies in the future" in page
    assert "must be between 20 and 200" in page
    assert (VitalSigns.objects.count(), AuditEvent.objects.count()) == (forms, events)


@pytest.mark.requirement("R08")
def test_a_correction_needs_a_reason_and_then_leaves_it_in_the_trail(house: House) -> None:
    record = vital_signs(house)
    changed = {
        "version": "1",
        "measured_on": "2021-03-01",
        "weight": "62",
        **rows("blood_pressures", {"repeat": 1, "systolic": "121", "diastolic": "80"}),
    }
    refused = house.client.post(page_of(record), changed)
    assert refused.status_code == 200
    assert "A reason is required" in shown(refused)
    assert VitalSigns.objects.get(pk=record.pk).version == 1

    done = house.client.post(page_of(record), {**changed, "change_reason": "misread the scale"})
    assert done.status_code == 302, shown(done)
    record.refresh_from_db()
    assert (record.version, str(record.weight)) == (2, "62.0000")
    assert record.blood_pressures.get().systolic == 121
    event = AuditEvent.objects.filter(chain=house.subject.chain).latest("id")
    assert (event.reason, event.source, event.actor) == ("misread the scale", "ADMIN", house.coordinator)


def test_a_stale_save_keeps_both_versions_and_overwrites_neither(house: House) -> None:
    record = vital_signs(house)
    change_form(
        actor=house.coordinator, record=record, version=1, reason="second reading", data={"weight": "70"}
    )
    reply = house.client.post(
        page_of(record),
        {
            "version": "1",
            "measured_on": "2021-03-01",
            "weight": "65",
            "change_reason": "mine",
            **rows("blood_pressures", {"repeat": 1, "systolic": "120", "diastolic": "80"}),
        },
    )
    page = shown(reply)
    assert reply.status_code == 412
    assert 'value="65"' in page
    assert "Stored now: <strong>70 kg</strong>" in page
    assert "second reading" in page
    assert "version: " not in page  # told once, above the form
    assert 'name="version" value="2"' in page  # saving again is a decision made with both in view
    assert str(VitalSigns.objects.get(pk=record.pk).weight) == "70.0000"


def test_an_unchanged_save_leaves_no_event(house: House) -> None:
    record = vital_signs(house)
    events = AuditEvent.objects.count()
    first = house.client.get(page_of(record))
    sheet = first.context["sheet"]
    sent = {"version": "1", "change_reason": "looked at it"}
    for form in [sheet.head, *sheet.row_sets[0].formset.forms]:
        sent |= {form.add_prefix(name): form[name].value() or "" for name in form.fields}
    sent |= {"change_reason": "looked at it", "version": "1"}
    sent |= {"blood_pressures-TOTAL_FORMS": "1", "blood_pressures-INITIAL_FORMS": "1"}
    sent.pop("blood_pressures-0-entered_in_error", None)
    done = house.client.post(page_of(record), sent, follow=True)
    assert "Vital signs: nothing was changed." in shown(done)
    assert AuditEvent.objects.count() == events
    assert VitalSigns.objects.get(pk=record.pk).version == 1


def test_a_row_is_taken_out_as_entered_in_error_and_never_deleted(house: House) -> None:
    record = vital_signs(house)
    sent = {
        "version": "1",
        "measured_on": "2021-03-01",
        "weight": "61.5",
        "change_reason": "read on another person",
        **rows(
            "blood_pressures", {"repeat": 1, "systolic": "120", "diastolic": "80", "entered_in_error": "on"}
        ),
    }
    assert house.client.post(page_of(record), sent).status_code == 302
    assert record.blood_pressures.get().entered_in_error


def test_a_form_is_withdrawn_with_a_reason_and_leaves_the_casebook(house: House) -> None:
    record = vital_signs(house)
    page = f"/admin/patients/vitalsigns/{record.pk}/void/"
    assert "A reason is required" in shown(house.client.post(page, {"version": "1"}))
    done = house.client.post(page, {"version": "1", "change_reason": "another subject's form"})
    assert done.status_code == 302
    record.refresh_from_db()
    assert record.entered_in_error
    assert page_of(record) not in shown(
        house.client.get(f"/admin/patients/subject/{house.subject.pk}/change/")
    )


def test_nothing_can_be_deleted(house: House) -> None:
    record = vital_signs(house)
    assert (
        house.client.post(f"/admin/patients/vitalsigns/{record.pk}/delete/", {"post": "yes"}).status_code
        == 403
    )
    forged = {"action": "delete_selected", "_selected_action": record.pk, "post": "yes"}
    assert house.client.post("/admin/patients/vitalsigns/", forged).status_code == 403
    assert VitalSigns.objects.filter(pk=record.pk).exists()


def test_a_form_that_does_not_repeat_is_corrected_instead_of_entered_again(house: House) -> None:
    existing = Demographics.objects.get(subject=house.subject)
    reply = house.client.get(house.add("demographics"))
    assert reply["Location"] == page_of(existing)
    forced = house.client.post(house.add("demographics"), {"age": "60", "sex": "M", "birth": "1961"})
    assert forced.status_code == 409
    assert "exists already" in shown(forced)


def test_the_panel_page_offers_every_test_and_stores_only_what_was_answered(house: House) -> None:
    visit = house.subject.visits.get(code="SCR")
    page = house.client.get(house.add("labsample", visit=visit.pk, panel="CHEMISTRY"))
    assert [form.initial["test"] for form in page.context["sheet"].row_sets[0].formset.forms] == [
        "ALT",
        "HGB",
        "UPROT",
    ]
    reply = house.client.post(
        house.add("labsample", visit=visit.pk, panel="CHEMISTRY"),
        {
            "collected_on": "2021-03-01",
            "laboratory": "ZS-LAB",
            "panel": "CHEMISTRY",
            **rows(
                "results",
                {"test": "ALT", "value": "51", "unit": "U/L"},
                {"test": "HGB", "value": "", "unit": "g/L", "why_missing": "NOT_DONE"},
                {"test": "UPROT", "value": "", "unit": ""},
            ),
        },
    )
    assert reply.status_code == 302, shown(reply)
    stored = LabResult.objects.order_by("id").values_list("test__code", "value", "flag", "missing_reasons")
    assert list(stored) == [("ALT", "51", "HIGH", {}), ("HGB", None, None, {"value": "NOT_DONE"})]


def test_a_result_that_is_none_is_told_at_its_own_cell(house: House) -> None:
    visit = house.subject.visits.get(code="SCR")
    reply = house.client.post(
        house.add("labsample", visit=visit.pk, panel="CHEMISTRY"),
        {
            "collected_on": "2021-03-01",
            "laboratory": "ZS-LAB",
            **rows(
                "results",
                {"test": "ALT", "value": "", "unit": "U/L"},
                {"test": "HGB", "value": "1,2,3", "unit": "g/L"},
                {"test": "UPROT", "value": "2+", "unit": "g/L"},
            ),
        },
    )
    forms = reply.context["sheet"].row_sets[0].formset.forms
    assert [set(form.errors) for form in forms] == [set(), {"value"}, {"unit"}]
    assert LabSample.objects.count() == 0


def test_a_query_is_shown_at_the_question_it_is_about(house: House) -> None:
    record = vital_signs(house, pulse="150")
    query = Query.objects.get(record_id=record.pk, field="pulse")
    assert query.message in shown(house.client.get(page_of(record)))


def test_eligibility_starts_with_a_line_for_every_rule(house: House) -> None:
    other = Subject.objects.get(pk=house.subject.pk)
    fresh = screened_subject(house.coordinator, house.site)
    EligibilityAssessment.objects.get(subject=fresh)
    record = EligibilityAssessment.objects.get(subject=other)
    page = house.client.get(page_of(record))
    assert len(page.context["sheet"].row_sets[0].formset.forms) == len(eligible_answers(house.study))


def test_a_correction_offers_the_rules_that_are_not_answered_yet(house: House) -> None:
    record = EligibilityAssessment.objects.get(subject=house.subject)
    missing = record.answers.order_by("id").last()
    others = record.answers.count() - 1
    change_form(
        actor=house.coordinator,
        record=record,
        version=record.version,
        reason="answered too early",
        data={},
        rows={"answers": [{"repeat": missing.repeat, "entered_in_error": True}]},
    )
    page = house.client.get(page_of(record))
    forms = page.context["sheet"].row_sets[0].formset.forms
    assert [form.initial.get("repeat") for form in forms].count(None) == 1
    assert forms[-1].initial == {"rule": missing.rule.code}
    sent = [{"repeat": form.initial["repeat"], **form.initial} for form in forms[:-1]]
    reply = house.client.post(
        page_of(record),
        {
            "version": "2",
            "change_reason": "answered on the same day",
            "assessed_on": record.assessed_on.isoformat(),
            **rows("answers", *sent, {"rule": missing.rule.code, "answer": missing.answer}),
        },
    )
    assert reply.status_code == 302, shown(reply)
    assert record.answers.filter(entered_in_error=False).count() == others + 1


def test_a_correction_of_a_sample_offers_the_tests_of_its_panel_that_have_no_result(house: House) -> None:
    sample = create_form(
        actor=house.coordinator,
        form=LabSample,
        subject=house.subject,
        visit=house.subject.visits.get(code="SCR"),
        data={"collected_on": "2021-03-01", "laboratory": "ZS-LAB", "panel": "CHEMISTRY"},
        rows={"results": [{"test": "HGB", "value": "120", "unit": "g/L"}]},
    )
    page = house.client.get(page_of(sample))
    forms = page.context["sheet"].row_sets[0].formset.forms
    assert [form.initial["test"] for form in forms] == ["HGB", "ALT", "UPROT"]
    reply = house.client.post(
        page_of(sample),
        {
            "version": "1",
            "change_reason": "second report",
            "collected_on": "2021-03-01",
            "laboratory": "ZS-LAB",
            "panel": "CHEMISTRY",
            **rows(
                "results",
                {"repeat": 1, "test": "HGB", "value": "120", "unit": "g/L"},
                {"test": "ALT", "value": "51", "unit": "U/L"},
                {"test": "UPROT", "value": "", "unit": ""},
            ),
        },
    )
    assert reply.status_code == 302, shown(reply)
    stored = LabResult.objects.order_by("id").values_list("repeat", "test__code", "value")
    assert list(stored) == [(1, "HGB", "120"), (2, "ALT", "51")]


def test_the_panels_are_offered_by_their_names(house: House) -> None:
    visit = house.subject.visits.get(code="SCR")
    page = house.client.get(house.add("labsample", visit=visit.pk))
    assert [words for words, _address in page.context["choices"]][0] == "Chemistry"


def test_an_adverse_event_asks_for_every_drug_of_the_arm(house: House) -> None:
    make_list(house.study, "A")
    house.subject = randomized_subject(house.coordinator, house.site)
    page = house.client.get(house.add("adverseevent"))
    given = [form.initial["drug"] for form in page.context["sheet"].row_sets[0].formset.forms]
    assert given == ["LENVATINIB", "TORIPALIMAB"]
    reply = house.client.post(
        house.add("adverseevent"),
        {
            "term": "rash",
            "ctcae_term": "Rash maculo-papular",
            "grade": "2",
            "started": "2021-03",
            "ongoing": "Y",
            "outcome": "RECOVERING/RESOLVING",
            "serious": "N",
            **rows(
                "drugs",
                {"drug": "LENVATINIB", "causality": "POSSIBLY RELATED", "action": "DOSE NOT CHANGED"},
                {"drug": "TORIPALIMAB", "causality": "", "action": ""},
            ),
        },
    )
    assert reply.status_code == 302, shown(reply)
    assert AdverseEvent.objects.get().drugs.count() == 1


@pytest.mark.parametrize("role", [Role.MONITOR, Role.DATA_MANAGER, Role.STATISTICIAN])
def test_who_only_reads_gets_answers_without_fields_and_cannot_save(house: House, role: str) -> None:
    record = vital_signs(house)
    reader = house.as_(role)
    page = shown(reader.get(page_of(record)))
    assert "61.5 kg" in page
    assert 'name="weight"' not in page
    assert reader.post(page_of(record), {"version": "1", "weight": "1"}).status_code == 403
    assert reader.get(house.add("vitalsigns")).status_code == 403
    assert reader.post(f"/admin/patients/vitalsigns/{record.pk}/void/", {"version": "1"}).status_code == 403


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.RANDOMIZATION_KEEPER])
def test_who_holds_no_clinical_role_reads_no_form(house: House, role: str) -> None:
    record = vital_signs(house)
    assert house.as_(role).get(page_of(record)).status_code == 403


@pytest.mark.requirement("R10")
def test_history_says_who_when_why_and_what(house: House) -> None:
    record = vital_signs(house)
    change_form(
        actor=house.coordinator, record=record, version=1, reason="typing error", data={"weight": "66"}
    )
    page = shown(house.client.get(f"/admin/patients/vitalsigns/{record.pk}/history/"))
    for part in ("typing error", house.coordinator.username, "<del>61.5 kg</del>", "<ins>66 kg</ins>"):
        assert part in page


def test_the_visit_must_belong_to_the_subject(house: House) -> None:
    other = screened_subject(house.coordinator, house.site)
    visit = other.visits.get(code="SCR")
    assert house.client.get(house.add("vitalsigns", visit=visit.pk)).status_code == 404


def test_a_laboratory_of_another_site_is_no_known_code(house: House) -> None:
    make_site(house.study, "HZ")
    visit = opened(house.coordinator, randomizable(house), "SCR", date(2021, 3, 1))
    reply = house.client.post(
        f"/admin/patients/labsample/add/?subject={visit.subject_id}&visit={visit.pk}&panel=",
        {"collected_on": "2021-03-01", "laboratory": "HZ-LAB", **rows("results")},
    )
    assert reply.status_code == 200
    assert "is not a known code" in shown(reply)
    assert LabSample.objects.count() == 0


def randomizable(house: House) -> Subject:
    from patients.actions.enroll import enroll

    return enroll(actor=house.coordinator, site=house.site, screened_on=date(2021, 3, 1))
