"""Protocol data over REST: read by everybody in the study, changed by nobody."""

from types import SimpleNamespace

import pytest

from tests.ecrf.api.client import results
from trials.api.protocol import PROTOCOL

pytestmark = pytest.mark.usefixtures("treatment_rules")


def test_each_noun_is_listed_and_read_by_its_address(world: SimpleNamespace) -> None:
    for noun, resource in {**PROTOCOL, "reference-ranges": None}.items():
        shown = results(world.client.get(f"/api/v1/{noun}/"))
        assert shown, noun
        key = "code" if resource and resource.lookup_field == "code" else "id"
        assert world.client.get(f"/api/v1/{noun}/{shown[0][key]}/").json() == shown[0], noun


def test_protocol_data_are_not_written_over_rest(world: SimpleNamespace) -> None:
    administrator = world.roles["ADMINISTRATOR"]
    for noun in PROTOCOL:
        first = results(administrator.get(f"/api/v1/{noun}/"))[0]
        one = f"/api/v1/{noun}/{first.get('code', first['id'])}/"
        assert administrator.post(f"/api/v1/{noun}/", {}, format="json").status_code == 405, noun
        for method in ("put", "patch", "delete"):
            assert getattr(administrator, method)(one, {}, format="json").status_code == 405, noun


def test_the_regimen_names_arm_drug_rule_and_bands(world: SimpleNamespace) -> None:
    elements = results(world.client.get("/api/v1/regimen-elements/"))
    lenvatinib = next(each for each in elements if each["drug"] == "LENVATINIB")
    assert [(band["from_kg"], band["below_kg"], band["dose_mg"]) for band in lenvatinib["bands"]] == [
        ("0.00", "60.00", "8.000"),
        ("60.00", None, "12.000"),
    ]


def test_criteria_come_with_their_rules(world: SimpleNamespace) -> None:
    criteria = results(world.client.get("/api/v1/criteria/"))
    rules = {each["kind"]: [rule["code"] for rule in each["rules"]] for each in criteria}
    assert rules == {"INCLUSION": ["I1", "I3"], "EXCLUSION": ["E1"]}


def test_nothing_of_the_randomization_list_and_no_chain_is_shown(world: SimpleNamespace) -> None:
    for noun in PROTOCOL:
        for shown in results(world.roles["RANDOMIZATION_KEEPER"].get(f"/api/v1/{noun}/")):
            assert not {"chain", "chain_id", "slots", "seed", "lists"} & set(shown), noun
    for path in ("randomization-lists", "randomization-slots", "users", "audit-events"):
        assert world.client.get(f"/api/v1/{path}/").status_code == 404


def test_lists_of_protocol_data_are_filtered_strictly(world: SimpleNamespace) -> None:
    assert results(world.client.get("/api/v1/arms/?study=NOPE")) == []
    assert len(results(world.client.get("/api/v1/reference-ranges/?test=HGB&laboratory=ZS-LAB"))) == 2
    assert world.client.get("/api/v1/arms/?name=A").status_code == 400
    assert world.client.get("/api/v1/arms/A/?fields=code,ratio").json() == {"code": "A", "ratio": 1}
