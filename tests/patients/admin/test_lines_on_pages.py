"""The lines that a page offers: rules, tests of a panel, drugs of the arm."""

import pytest

from patients.actions.save_form import change_form, create_form
from patients.models import (
    AdverseEvent,
    EligibilityAssessment,
    LabResult,
    LabSample,
    Subject,
)
from tests.factories import (
    eligible_answers,
    make_list,
    randomized_subject,
    screened_subject,
)
from tests.patients.admin.house import House, house, page_of, rows, shown

pytestmark = pytest.mark.django_db

__all__ = ["house"]


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
