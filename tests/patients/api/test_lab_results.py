"""Laboratory results one by one, and the correction of the ranges behind their flags."""

from types import SimpleNamespace
from typing import Any

import pytest

from patients.models import LabSample
from tests.ecrf.api.client import results
from trials.models import ReferenceRange

SAMPLES, RESULTS = "/api/v1/lab-samples/", "/api/v1/lab-results/"
RANGES = "/api/v1/reference-ranges/"


@pytest.fixture
def sample(world: SimpleNamespace) -> dict[str, Any]:
    body = {
        "subject": "ZS-001",
        "visit": "SCR",
        "collected_on": "2021-03-01",
        "laboratory": "ZS-LAB",
        "results": [
            {"test": "ALT", "value": "60", "unit": "U/L"},
            {"test": "HGB", "value": "140", "unit": "g/L"},
        ],
    }
    reply = world.client.post(SAMPLES, body, format="json")
    assert reply.status_code == 201, reply.content
    shown: dict[str, Any] = reply.json()
    return shown


def test_results_carry_what_their_sample_says_and_the_range_of_the_day(
    world: SimpleNamespace, sample: dict[str, Any]
) -> None:
    alt, hgb = results(world.client.get(RESULTS))
    assert (alt["test"], alt["value"], alt["number"], alt["flag"]) == ("ALT", "60", "60", "HIGH")
    assert (alt["range_low"], alt["range_high"]) == ("9", "50")
    assert (alt["sample"], alt["subject"], alt["visit"]) == (sample["id"], "ZS-001", "SCR")
    assert (alt["collected_on"], alt["laboratory"], alt["version"]) == ("2021-03-01", "ZS-LAB", 1)
    assert hgb["flag"] == "NORMAL"


def test_results_are_found_by_test_flag_visit_sample_and_day(
    world: SimpleNamespace, sample: dict[str, Any]
) -> None:
    found = {
        query: [each["test"] for each in results(world.client.get(f"{RESULTS}?{query}"))]
        for query in (
            "test=ALT",
            "flag=HIGH",
            "flag=LOW",
            "visit=SCR",
            f"sample={sample['id']}",
            "sample=999999",
            "date_from=2021-03-02",
            "date_to=2021-03-01",
            "subject=ZS-001&test=HGB",
        )
    }
    both = ["ALT", "HGB"]
    assert list(found.values()) == [["ALT"], ["ALT"], [], both, both, [], [], both, ["HGB"]]
    for query in ("flag=BAD", "sample=x", "sample=1.5", f"sample={10**30}", "unit=g"):
        assert world.client.get(f"{RESULTS}?{query}").status_code == 400, query


def test_a_result_is_corrected_under_the_version_of_its_sample(
    world: SimpleNamespace, sample: dict[str, Any]
) -> None:
    alt = results(world.client.get(f"{RESULTS}?test=ALT"))[0]
    path = f"{RESULTS}{alt['id']}/"
    assert world.client.get(path)["ETag"] == '"1"'
    reply = world.client.change(path, 1, {"value": "40", "change_reason": "misread"})
    assert (reply.status_code, reply["ETag"]) == (200, '"2"')
    assert (reply.json()["value"], reply.json()["flag"], reply.json()["version"]) == ("40", "NORMAL", 2)
    assert world.client.get(f"{SAMPLES}{sample['id']}/")["ETag"] == '"2"'
    stale = world.client.change(path, 1, {"value": "41", "change_reason": "misread"})
    assert stale.status_code == 412
    assert stale.json()["current"]["value"] == "40"


def test_a_result_is_added_to_a_stored_sample_with_a_reason(
    world: SimpleNamespace, sample: dict[str, Any]
) -> None:
    body = {"sample": sample["id"], "test": "UPROT", "value": "2+", "change_reason": "arrived later"}
    reply = world.client.act(RESULTS, 1, body)
    assert reply.status_code == 201, reply.content
    assert (reply.json()["test"], reply.json()["repeat"], reply["ETag"]) == ("UPROT", 3, '"2"')
    assert reply["Location"] == f"{RESULTS}{reply.json()['id']}/"
    twice = world.client.act(RESULTS, 2, body)
    assert twice.status_code == 400


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"sample": None}, "sample"),
        ({"sample": "1"}, "sample"),
        ({"test": None}, "test"),
        ({"test": "NOPE"}, "test"),
        ({"flag": "HIGH"}, "flag"),
        ({"number": 5}, "number"),
        ({"test": " "}, "test"),
        ({"repeat": 9}, "repeat"),
        ({"repeat": 1}, "repeat"),
        ({"entered_in_error": True}, "entered_in_error"),
        ({"subject": "ZS-001"}, "subject"),
        ({"change_reason": ""}, "change_reason"),
        ({"value": ["2+"]}, "value"),
    ],
)
def test_each_field_of_a_result_is_judged_by_name(
    world: SimpleNamespace, sample: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    body = {"sample": sample["id"], "test": "UPROT", "value": "2+", "change_reason": "later", **change}
    reply = world.client.act(RESULTS, 1, body)
    assert (reply.status_code, set(reply.json()["errors"])) == (400, {field})


def test_a_result_for_a_sample_that_was_changed_meanwhile_is_refused(
    world: SimpleNamespace, sample: dict[str, Any]
) -> None:
    body = {"sample": sample["id"], "test": "UPROT", "value": "2+", "change_reason": "later"}
    reply = world.client.act(RESULTS, 2, body)
    assert (reply.status_code, reply.json()["current_version"]) == (412, 1)
    assert len(results(world.client.get(RESULTS))) == 2


def test_a_result_entered_in_error_leaves_the_lists_and_its_sample_stays(
    world: SimpleNamespace, sample: dict[str, Any]
) -> None:
    alt = results(world.client.get(f"{RESULTS}?test=ALT"))[0]
    reply = world.client.act(f"{RESULTS}{alt['id']}/void/", 1, {"change_reason": "other tube"})
    assert (reply.status_code, reply.json()["entered_in_error"]) == (200, True)
    assert [each["test"] for each in results(world.client.get(RESULTS))] == ["HGB"]
    assert len(results(world.client.get(f"{RESULTS}?entered_in_error=include"))) == 2
    assert LabSample.objects.get(pk=sample["id"]).entered_in_error is False


def test_the_history_of_a_result_tells_only_what_happened_to_it(
    world: SimpleNamespace, sample: dict[str, Any]
) -> None:
    alt, hgb = results(world.client.get(RESULTS))
    world.client.change(f"{RESULTS}{alt['id']}/", 1, {"value": "40", "change_reason": "misread"})
    told = world.client.get(f"{RESULTS}{alt['id']}/history/").json()
    assert [each["reason"] for each in told] == ["", "misread"]
    assert {change["field"]: change["after"] for change in told[1]["changes"]}["value"] == "40"
    assert len(world.client.get(f"{RESULTS}{hgb['id']}/history/").json()) == 1


def limits_of(world: SimpleNamespace) -> ReferenceRange:
    return ReferenceRange.objects.get(laboratory__code="ZS-LAB", test__code="ALT")


def test_a_range_is_corrected_after_its_impact_was_shown(
    world: SimpleNamespace, sample: dict[str, Any]
) -> None:
    limits = limits_of(world)
    manager = world.roles["DATA_MANAGER"]
    path = f"{RANGES}{limits.pk}/correct/"
    shown = manager.act(f"{path}?dry_run=true", 1, {"high": "70"})
    assert shown.status_code == 200, shown.content
    (changed,) = shown.json()["changed"]
    assert (changed["subject"], changed["flag_before"], changed["flag_after"]) == ("ZS-001", "HIGH", "NORMAL")
    assert results(world.client.get(f"{RESULTS}?flag=HIGH"))

    done = manager.act(path, 1, {"high": "70", "change_reason": "typing error of the laboratory"})
    assert (done.status_code, done["ETag"]) == (200, '"2"')
    assert done.json()["changed"] == shown.json()["changed"]
    assert not results(world.client.get(f"{RESULTS}?flag=HIGH"))
    assert manager.act(path, 1, {"high": "80", "change_reason": "x"}).status_code == 412


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"high": "70"}, "change_reason"),
        ({"high": "abc", "change_reason": "x"}, "high"),
        ({"high": "1", "change_reason": "x"}, "detail"),
        ({"low": None, "high": None, "change_reason": "x"}, "detail"),
        ({"valid_from": 20210101, "change_reason": "x"}, "valid_from"),
        ({"sex": "X", "change_reason": "x"}, "sex"),
        ({"unit": "g/L", "change_reason": "x"}, "unit"),
        ({"change_reason": "x"}, "detail"),
    ],
)
def test_a_correction_that_makes_no_range_is_refused(
    world: SimpleNamespace, body: dict[str, Any], field: str
) -> None:
    limits = limits_of(world)
    reply = world.roles["DATA_MANAGER"].act(f"{RANGES}{limits.pk}/correct/", 1, body)
    assert (reply.status_code, set(reply.json()["errors"])) == (400, {field}), reply.content


def test_a_correction_of_a_range_needs_its_version(world: SimpleNamespace) -> None:
    limits = limits_of(world)
    reply = world.roles["DATA_MANAGER"].post(
        f"{RANGES}{limits.pk}/correct/", {"high": "70", "change_reason": "x"}, format="json"
    )
    assert reply.status_code == 428
