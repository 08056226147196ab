"""Lists: what they can be asked for, how they are paged, and what they cost."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients.actions.enroll import enroll
from patients.actions.save_form import create_form
from patients.models import AdverseEvent, LabSample, Visit, VitalSigns
from tests.ecrf.api.client import results
from tests.factories import CONSENT_DAY

VS = "/api/v1/vital-signs/"
AE = "/api/v1/adverse-events/"


def vital_signs(world: SimpleNamespace, count: int, day: str = "2021-03-01") -> None:
    visit = Visit.objects.get(subject=world.subject, code="SCR")
    for number in range(count):
        create_form(
            actor=world.coordinator,
            form=VitalSigns,
            subject=world.subject,
            visit=visit,
            data={"measured_on": day, "weight": str(60 + number)},
            rows={"blood_pressures": [{"systolic": 120, "diastolic": 80}]},
        )


def events(world: SimpleNamespace, *starts: str | None) -> None:
    for start in starts:
        data = {"term": "rash", "started": start}
        create_form(actor=world.coordinator, form=AdverseEvent, subject=world.subject, data=data)


def samples(world: SimpleNamespace, count: int) -> None:
    visit = Visit.objects.get(subject=world.subject, code="SCR")
    for _number in range(count):
        create_form(
            actor=world.coordinator,
            form=LabSample,
            subject=world.subject,
            visit=visit,
            data={"collected_on": "2021-03-01", "laboratory": "ZS-LAB"},
            rows={
                "results": [{"test": "ALT", "value": "60", "unit": "U/L"}, {"test": "HGB", "value": "140"}]
            },
        )


def walk(world: SimpleNamespace, path: str, link: str = "next") -> list[int]:
    """The ids of every page from here on."""
    found: list[int] = []
    address: str | None = path
    while address:
        page = world.client.get(address).json()
        found += [each["id"] for each in page["results"]]
        address = page[link]
    return found


def test_pages_follow_each_other_without_gap_or_repetition_in_both_directions(
    world: SimpleNamespace,
) -> None:
    vital_signs(world, 9)
    everything = [each["id"] for each in results(world.client.get(VS))]
    assert walk(world, f"{VS}?page_size=3") == everything
    page = world.client.get(f"{VS}?page_size=3").json()
    assert page["previous"] is None
    second = world.client.get(page["next"]).json()
    back = world.client.get(second["previous"]).json()
    assert [each["id"] for each in back["results"]] == everything[:3]
    assert back["previous"] is None


def test_a_record_that_arrives_between_two_pages_moves_nothing(world: SimpleNamespace) -> None:
    vital_signs(world, 4)
    page = world.client.get(f"{VS}?page_size=2&ordering=-id").json()
    vital_signs(world, 1)
    shown = [each["id"] for each in page["results"]] + walk(world, page["next"])
    assert len(shown) == len(set(shown)) == 5


def test_an_ordering_by_a_date_that_some_have_not_shows_each_record_once(world: SimpleNamespace) -> None:
    events(world, "2021-05", None, "2021-03-04", None, "2020", "2021-05", None)
    for ordering in ("date", "-date"):
        shown = walk(world, f"{AE}?page_size=2&ordering={ordering}")
        assert sorted(shown) == sorted(set(shown))
        assert len(shown) == 7
    starts = [each["started"] for each in results(world.client.get(f"{AE}?ordering=date"))]
    assert starts == ["2020", "2021-03-04", "2021-05", "2021-05", None, None, None]
    down = world.client.get(f"{AE}?page_size=3&ordering=-date").json()
    further = world.client.get(down["next"]).json()
    again = world.client.get(further["previous"]).json()
    assert again["results"] == down["results"]


MEANINGLESS = (
    "page_size=0",
    "page_size=201",
    "page_size=x",
    "page_size=-1",
    "page_size=١",
    "cursor=abc",
    "cursor=",
    "ordering=weight",
    "ordering=-",
    "ordering=subject__site__study__chain",
    "ordering=id,subject",
    "fields=weight,hieght",
    "date_from=yesterday",
    "date=0001-01-01",
    "date_to=9999-12-31",
    "date_to=2021-02-30",
    "entry_state=DONE",
    "entered_in_error=maybe",
    "subjekt=ZS-001",
    "subject__code=ZS-001",
    "format=xml",
    "limit=5",
    "subject=ZS-001&subject=XH-001",
    "subject=%00",
    "visit=a%0ab",
)


def test_a_parameter_that_means_nothing_is_refused_by_name_and_never_ignored(world: SimpleNamespace) -> None:
    for query in MEANINGLESS:
        reply = world.client.get(f"{VS}?{query}")
        assert reply.status_code == 400, (query, reply.content)
        assert query.partition("=")[0] in reply.json()["errors"], query


def test_form_definitions_have_no_parameters(world: SimpleNamespace) -> None:
    for path in ("/api/v1/forms/", "/api/v1/forms/VS/"):
        reply = world.client.get(f"{path}?panel=x")
        assert (reply.status_code, set(reply.json()["errors"])) == (400, {"panel"})


def test_a_cursor_of_another_ordering_is_refused(world: SimpleNamespace) -> None:
    vital_signs(world, 3)
    following = world.client.get(f"{VS}?page_size=1").json()["next"]
    assert world.client.get(f"{following}&ordering=-id").status_code == 400


def test_lists_are_filtered_by_subject_site_visit_date_and_state(world: SimpleNamespace) -> None:
    vital_signs(world, 2, day="2021-03-09")
    count = len(results(world.client.get(VS)))
    counts = {
        query: len(results(world.client.get(f"{VS}?{query}")))
        for query in (
            "subject=ZS-001",
            "subject=ZS-999",
            "site=ZS",
            "site=NO",
            "visit=SCR",
            "visit=C1D1",
            "date=2021-03-09",
            "date_from=2021-03-09",
            "date_to=2021-03-08",
            "date_from=2021-03-01&date_to=2021-03-09",
            "entry_state=COMPLETE",
            "entry_state=NOT_DONE",
            "study=TEST-1",
        )
    }
    assert list(counts.values()) == [count, 0, count, 0, count, 0, 2, 2, count - 2, count, count, 0, count]


def test_a_partial_date_is_found_by_every_day_that_it_may_mean(world: SimpleNamespace) -> None:
    events(world, "2021-03", "2021", "2021-04-02")
    found = {
        query: [each["started"] for each in results(world.client.get(f"{AE}?{query}"))]
        for query in ("date=2021-03-31", "date_from=2021-04-01", "date_to=2021-02-01")
    }
    assert found["date=2021-03-31"] == ["2021-03", "2021"]
    assert found["date_from=2021-04-01"] == ["2021", "2021-04-02"]
    assert found["date_to=2021-02-01"] == ["2021"]


def test_fields_leaves_out_what_is_not_named(world: SimpleNamespace) -> None:
    (shown,) = results(world.client.get(f"{VS}?fields=id,weight"))
    assert set(shown) == {"id", "weight"}
    assert set(world.client.get(f"{VS}{shown['id']}/?fields=subject").json()) == {"subject"}


def test_only_the_list_of_subjects_counts(world: SimpleNamespace) -> None:
    assert world.client.get("/api/v1/subjects/").json()["count"] == 1
    assert "count" not in world.client.get(VS).json()


def queries_of(world: SimpleNamespace, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        reply = world.client.get(path)
    assert reply.status_code == 200, reply.content
    return len(captured)


def subjects(world: SimpleNamespace, count: int) -> None:
    for _number in range(count):
        enroll(actor=world.coordinator, site=world.site, screened_on=CONSENT_DAY)


MAKERS: dict[str, Callable[[Any, int], None]] = {
    VS: vital_signs,
    AE: lambda world, count: events(world, *["2021-03"] * count),
    "/api/v1/lab-samples/": samples,
    "/api/v1/lab-results/": samples,
    "/api/v1/subjects/": subjects,
    "/api/v1/visits/": subjects,
}


@pytest.mark.parametrize("path", MAKERS)
def test_a_page_of_50_records_costs_as_many_queries_as_a_page_of_5(world: SimpleNamespace, path: str) -> None:
    MAKERS[path](world, 5)
    queries_of(world, path)  # the first use of a token in a while is noted
    few = queries_of(world, f"{path}?page_size=50")
    MAKERS[path](world, 45)
    shown = results(world.client.get(f"{path}?page_size=50"))
    assert len(shown) == 50
    assert queries_of(world, f"{path}?page_size=50") == few
    assert few < 15


def test_protocol_lists_cost_the_same_for_any_number_of_rows(world: SimpleNamespace) -> None:
    for noun in ("studies", "sites", "arms", "regimen-elements", "criteria", "lab-tests", "reference-ranges"):
        assert queries_of(world, f"/api/v1/{noun}/") < 8, noun
