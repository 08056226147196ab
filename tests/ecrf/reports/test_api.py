"""Reports and derivations through the API: rights, scope, parameters, links."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from tests.ecrf.api.client import client_of
from tests.ecrf.reports.trial import Patient, Trial
from tests.factories import assign, coordinator_of, make_site, make_study, person, screened_subject
from tests.patients.clinic import after
from trials.models import Role

REPORT = "/api/v1/reports/efficacy/"


@pytest.fixture
def world(trial: Trial) -> SimpleNamespace:
    """A subject at each of two sites, and clients of people at them."""
    other = make_site(trial.study, "XH")
    outsider = coordinator_of(other)
    patient, foreign = trial.patient(), trial.patient(outsider, other)
    patient.looks(w6="60", w12="60", w18="80")
    return SimpleNamespace(
        trial=trial,
        patient=patient,
        foreign=foreign,
        statistician=client_of(person(Role.STATISTICIAN, trial.study)),
        coordinator=client_of(trial.coordinator),
        outsider=client_of(outsider),
    )


def subjects_of(reply: Any) -> list[int]:
    assert reply.status_code == 200, reply.content
    return [each["total"] for each in reply.json()["response"][0]["objective_response"]["ITT"]["arms"]]


def test_a_study_wide_reader_gets_the_report_of_all_sites(world: SimpleNamespace) -> None:
    reply = world.statistician.get(REPORT)
    assert subjects_of(reply) == [1, 1]
    assert (reply.json()["population"], reply.json()["study"]) == ("all sites", "TEST-1")


def test_a_reader_of_one_site_gets_its_own_subjects_and_is_told_so(world: SimpleNamespace) -> None:
    reply = world.coordinator.get(REPORT)
    assert subjects_of(reply) == [1, 0]
    assert reply.json()["population"] == "only the subjects of ZS"
    assert world.foreign.subject.code not in reply.content.decode()


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.RANDOMIZATION_KEEPER])
def test_who_may_not_read_clinical_data_gets_no_report(world: SimpleNamespace, role: Role) -> None:
    client = client_of(person(role, world.trial.study))
    assert client.get(REPORT).status_code == 403
    assert client.get(address(world.patient, "pfs")).status_code in (403, 404)


def test_without_a_token_there_is_no_report(world: SimpleNamespace, client: Any) -> None:
    assert client.get(REPORT).status_code == 401


def test_the_study_is_named_where_the_reader_has_several(world: SimpleNamespace) -> None:
    other = make_study("TEST-2")
    statistician = person(Role.STATISTICIAN, world.trial.study)
    client = client_of(assign(statistician, Role.STATISTICIAN, other))
    assert client.get(REPORT).status_code == 409
    assert client.get(f"{REPORT}?study=TEST-1").json()["study"] == "TEST-1"
    assert client.get(f"{REPORT}?study=TEST-3").status_code == 404
    lacking = client.get(f"{REPORT}?study=TEST-2")
    assert lacking.status_code == 409
    assert lacking.json()["errors"]["pfs_censoring"] == ["the study's setting is missing"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("cutoff=2021-06", "cutoff"),
        ("cutoff=", "cutoff"),
        ("as_of=2021-06-01", "as_of"),
        ("as_of=yesterday", "as_of"),
        ("censoring=NMPA", "censoring"),
        ("cut_off=2021-06-01", "cut_off"),
        ("cutoff=2021-06-01&cutoff=2021-07-01", "cutoff"),
    ],
)
def test_a_parameter_that_cannot_be_read_is_refused_by_name(
    world: SimpleNamespace, query: str, field: str
) -> None:
    for path in (REPORT, address(world.patient, "pfs")):
        reply = world.coordinator.get(f"{path}?{query}")
        assert reply.status_code == 400
        assert list(reply.json()["errors"]) == [field]


def test_cutoff_instant_and_rules_are_followed(world: SimpleNamespace) -> None:
    asked = f"cutoff={after(8)}&censoring=EMA&as_of=2023-06-01T02:00:00Z"
    late = world.coordinator.get(f"{REPORT}?{asked}").json()
    assert (late["cutoff"], late["censoring"]) == (after(8).isoformat(), "EMA")
    assert late["response"][0]["best"][0]["responses"] == {"SD": 1}


def test_before_the_settings_were_recorded_there_were_no_rules_to_report_by(world: SimpleNamespace) -> None:
    early = world.coordinator.get(f"{REPORT}?as_of=2021-03-10T02:00:00%2B00:00")
    assert early.status_code == 409
    assert early.json()["errors"]["month_days"] == ["the study's setting is missing"]


def address(patient: Patient, name: str) -> str:
    return f"/api/v1/subjects/{patient.subject.code}/derivations/{name}/"


def test_progression_free_survival_explains_itself(world: SimpleNamespace) -> None:
    shown = world.coordinator.get(address(world.patient, "pfs")).json()
    assert (shown["outcome"], shown["date"], shown["days"], shown["rule"]) == (
        "EVENT",
        after(18).isoformat(),
        127,
        "PROGRESSION",
    )
    assert (shown["months"], shown["rule_in_words"]) == ("4.1725", "progression on scans")
    assert shown["steps"][0]["words"] == "Counted from randomization on 2021-03-10."
    assert shown["words"].endswith(f"Event on {after(18)}: 127 days, 4.17 months.")
    assert len(shown["alternatives"]) == 6


@pytest.mark.requirement("R56")
def test_every_record_behind_a_step_can_be_opened_and_holds_the_value(world: SimpleNamespace) -> None:
    world.patient.died("2021-09")
    world.patient.further_therapy(after(20))
    opened = 0
    for name in ("pfs", "os", "dor", "response"):
        shown = world.coordinator.get(address(world.patient, name)).json()
        for record in records(shown):
            reply = world.coordinator.get(record["link"])
            assert reply.status_code == 200, record
            held = reply.json()
            if record["row"]:
                rows, number = record["row"].split()
                held = next(row for row in held[rows] if row["repeat"] == int(number))
            assert str(held[record["field"]]).rstrip("0").rstrip(".") == record["value"].rstrip("0").rstrip(
                "."
            )
            opened += 1
    assert opened > 20


def plainly(value: Any) -> str:
    """A number without zeros at its end."""
    text = str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def records(shown: Any) -> list[dict[str, Any]]:
    """Every record of every step of a reply."""
    if isinstance(shown, dict):
        found = shown.get("records", [])
        return [*found, *(each for value in shown.values() for each in records(value))]
    return [each for value in shown for each in records(value)] if isinstance(shown, list) else []


def test_a_time_that_dates_leave_open_shows_what_is_possible(world: SimpleNamespace) -> None:
    world.patient.died("2021-09")
    shown = world.coordinator.get(address(world.patient, "os")).json()
    assert (shown["outcome"], shown["date"], shown["rule"]) == ("UNDETERMINED", None, None)
    assert (shown["earliest"]["date"], shown["latest"]["date"]) == ("2021-09-01", "2021-09-30")
    assert shown["missing"] == ["certain day or response: the death (2021-09)"]


def test_response_tells_each_time_point_beside_what_the_investigator_said(world: SimpleNamespace) -> None:
    shown = world.coordinator.get(address(world.patient, "response")).json()
    confirmed, unconfirmed = shown["readings"]
    assert (confirmed["reading"], confirmed["response"], confirmed["confirmed_on"]) == (
        "CONFIRMED",
        "PR",
        after(12).isoformat(),
    )
    assert unconfirmed["response"] == "PR"
    assert any("PR: sum 60 mm is 40 % below the baseline" in step["words"] for step in confirmed["steps"])


def test_the_subject_of_another_site_has_no_derivation(world: SimpleNamespace) -> None:
    for name in ("pfs", "os", "dor", "response", "unknown"):
        foreign = world.outsider.get(address(world.patient, name))
        missing = world.outsider.get(f"/api/v1/subjects/ZS-999/derivations/{name}/")
        assert foreign.status_code == missing.status_code == 404
        assert foreign.json()["errors"] == missing.json()["errors"]


def test_a_derivation_that_does_not_exist_is_not_found(world: SimpleNamespace) -> None:
    assert world.coordinator.get(address(world.patient, "ttp")).status_code == 404


def test_a_subject_in_screening_has_endpoints_that_say_what_is_missing(world: SimpleNamespace) -> None:
    subject = screened_subject(world.trial.coordinator, world.trial.site)
    for name in ("pfs", "os"):
        shown = world.coordinator.get(f"/api/v1/subjects/{subject.code}/derivations/{name}/").json()
        assert (shown["outcome"], shown["missing"]) == ("UNDETERMINED", ["day of randomization"])


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_reports_are_only_read(world: SimpleNamespace, method: str) -> None:
    for path in (REPORT, address(world.patient, "pfs")):
        assert getattr(world.coordinator, method)(path, {}, format="json").status_code == 405


def test_the_reply_is_json_without_numbers_that_are_none(world: SimpleNamespace) -> None:
    content = world.statistician.get(REPORT).content.decode()
    json.loads(content, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
