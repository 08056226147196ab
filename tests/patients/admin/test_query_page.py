"""A query on its own page and beside its form: what is asked, where, and who settles it."""

import re

import pytest

from patients.actions.queries import accept_reason
from patients.actions.save_form import create_form
from patients.models import LabResult, LabSample, Query, Severity, VitalSigns
from tests.factories import person, save
from tests.patients.admin.house import House, house, page_of, shown, vital_signs
from trials.models import Role

__all__ = ["house"]

pytestmark = pytest.mark.django_db

ACCEPT = ">The value stands…</a>"
WHO = "monitor or data manager"
MAY_ENTER = (Role.COORDINATOR, Role.INVESTIGATOR)


def unusual_weight(house: House) -> tuple[VitalSigns, Query]:
    record = vital_signs(house, weight="140")
    return record, Query.objects.get(record_id=record.pk, field="weight")


def page(query: Query) -> str:
    return f"/admin/patients/query/{query.pk}/change/"


def test_the_page_of_a_query_leads_to_its_place_on_the_form(house: House) -> None:
    record, query = unusual_weight(house)
    found = shown(house.client.get(page(query)))
    assert f'<a href="{page_of(record)}#query-{query.pk}">Weight</a>' in found
    assert "140 kg" in found
    assert query.message in found
    assert f'id="query-{query.pk}"' in shown(house.client.get(page_of(record)))


@pytest.mark.parametrize("role", [Role.MONITOR, Role.DATA_MANAGER])
def test_who_may_settle_a_query_finds_the_way_on_its_page_and_on_the_form(house: House, role: str) -> None:
    record, query = unusual_weight(house)
    client = house.as_(role)
    accept = f"/admin/patients/query/{query.pk}/accept/"
    for address in (page(query), page_of(record)):
        found = shown(client.get(address))
        assert accept in found
        assert ACCEPT in found
    done = client.post(accept, {"change_reason": "Confirmed on the chart", "version": "1"})
    assert done.status_code == 302
    settled = shown(client.get(page(query)))
    assert "Confirmed on the chart" in settled
    assert ACCEPT not in settled


@pytest.mark.parametrize("role", [*MAY_ENTER, Role.STATISTICIAN])
def test_who_may_not_settle_a_query_is_told_who_may(house: House, role: str) -> None:
    record, query = unusual_weight(house)
    client = house.as_(role)
    for address in (page(query), page_of(record)):
        found = shown(client.get(address))
        assert WHO in found
        assert ACCEPT not in found
    assert ("Correct the form" in shown(client.get(page(query)))) is (role in MAY_ENTER)


def test_a_settled_query_asks_nobody_for_anything(house: House) -> None:
    record, query = unusual_weight(house)
    monitor = person(Role.MONITOR, house.study, house.site)
    accept_reason(actor=monitor, query=query, reason="Confirmed on the chart")
    assert WHO not in shown(house.client.get(page(query)))
    assert query.message not in shown(house.client.get(page_of(record)))


def test_a_query_about_a_line_names_the_line_and_its_answer(house: House) -> None:
    sample = create_form(
        actor=house.coordinator,
        form=LabSample,
        subject=house.subject,
        visit=house.subject.visits.get(code="SCR"),
        data={"collected_on": "2021-03-01", "laboratory": house.site.laboratories.get().code},
        rows={"results": [{"test": "HGB", "value": "98", "unit": "g/L"}]},
    )
    row = LabResult.objects.get(parent=sample)
    asked = {"field": "value", "row_id": row.pk, "message": "Is this right?"}
    query = _ask(house, sample, **asked)
    found = shown(house.client.get(page(query)))
    assert "<dt>Line</dt><dd>1: " in found
    assert f'#query-{query.pk}">Hemoglobin: Result</a></dd>' in found
    assert "<dt>Answer now</dt><dd>98</dd>" in found
    form, listed = shown(house.client.get(page_of(sample))), shown(house.client.get("/admin/patients/query/"))
    assert f'<a href="#query-{query.pk}">Hemoglobin: Result</a>' in form
    assert "Hemoglobin: Result" in listed


def test_what_is_computed_stands_beside_its_result_and_what_is_asked_under_its_line(house: House) -> None:
    sample = create_form(
        actor=house.coordinator,
        form=LabSample,
        subject=house.subject,
        visit=house.subject.visits.get(code="SCR"),
        data={"collected_on": "2021-03-01", "laboratory": house.site.laboratories.get().code},
        rows={"results": [{"test": "HGB", "value": "98", "unit": "g/L"}]},
    )
    row = LabResult.objects.get(parent=sample)
    query = _ask(house, sample, field="value", row_id=row.pk, message="Is this right?")
    table = shown(house.client.get(page_of(sample))).split('data-rows="results"')[1].split("</table>")[0]
    heads = re.findall(r'<th scope="col">([A-Z][A-Za-z ]+)', table)
    assert heads[:4] == ["Test", "Result", "Unit", "Computed"]
    line, asked = table.split("<tbody")[1].split("</tr>")[:2]
    assert line.count('class="ec-derived"') == 1
    assert f'id="query-{query.pk}"' not in line
    assert f'<td colspan="{len(re.findall("<t[hd]", line))}">' in asked
    assert f'id="query-{query.pk}"' in asked
    assert "Result: Is this right?" in asked


def test_a_query_about_a_computed_value_or_a_whole_form_stands_on_the_form(house: House) -> None:
    record = vital_signs(house)
    asked = {
        message: _ask(house, record, field=field, message=message)
        for field, message in (("surface_used", "The surface has changed."), ("", "Was this visit done?"))
    }
    found = shown(house.client.get(page_of(record)))
    for message, query in asked.items():
        assert found.count(f'id="query-{query.pk}"') == 1
        assert message in found.split(f'id="query-{query.pk}"')[1].split("</div>")[0]


def test_no_query_is_entered_by_hand(house: House) -> None:
    assert house.client.get("/admin/patients/query/add/").status_code == 403


def _ask(house: House, record: LabSample | VitalSigns, **asked: object) -> Query:
    query = Query(
        subject=house.subject,
        form=record.form.oid,
        record_id=record.pk,
        check_id="EC12b",
        severity=Severity.SOFT,
        **asked,
    )
    save(house.subject.chain, query)
    return query
