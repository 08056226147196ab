"""Case report forms on admin pages: entered, corrected, refused, read."""

from datetime import date

import pytest

from patients.actions.save_form import change_form
from patients.models import (
    Demographics,
    LabSample,
    Query,
    Subject,
    VitalSigns,
)
from tests.factories import (
    make_site,
    opened,
    screened_subject,
)
from tests.patients.admin.house import House, house, page_of, rows, shown, vital_signs
from trials.models import AuditEvent, Role

__all__ = ["house"]

pytestmark = pytest.mark.django_db


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


def test_a_query_is_shown_at_the_question_it_is_about(house: House) -> None:
    record = vital_signs(house, pulse="150")
    query = Query.objects.get(record_id=record.pk, field="pulse")
    assert query.message in shown(house.client.get(page_of(record)))


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
