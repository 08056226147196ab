"""Loading saves a protocol once, changes it only with a reason, and removes nothing."""

from collections.abc import Callable
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import DjangoAssertNumQueries, Settings

from tests.factories import person
from tests.trials.protocol.paths import DEMO_SITE, REGISTRY, SECOND, copied, edited
from trials.models import (
    Arm,
    AuditEvent,
    Chain,
    DoseBand,
    Laboratory,
    LabTest,
    LabUnit,
    ReferenceRange,
    Role,
    Site,
    Study,
    StudySetting,
    User,
    VisitDefinition,
)
from trials.protocol.errors import ProtocolError
from trials.protocol.loading import LoadReport, load_protocol
from trials.roles import NotPermitted

pytestmark = pytest.mark.django_db


def load(*paths: Path, reason: str = "") -> LoadReport:
    return load_protocol(actor=User.objects.system_user(), paths=paths or [SECOND], reason=reason)


def load_events() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action="load protocol").order_by("id"))


def refused(action: Callable[[], Any]) -> list[str]:
    with pytest.raises(ProtocolError) as error:
        action()
    return list(error.value.lines)


def test_a_loaded_protocol_holds_what_the_files_say() -> None:
    study = load().study
    assert (study.code, study.registry_id, study.minimum_age, study.maximum_age) == (
        "BP-7",
        "NCT00000007",
        40,
        None,
    )
    assert {arm.code: arm.ratio for arm in study.arms.all()} == {"X": 2, "Y": 1}
    bands = DoseBand.objects.filter(study=study).order_by("from_kg")
    assert [(band.from_kg, band.below_kg, band.dose_mg) for band in bands] == [
        (Decimal("0"), Decimal("70.5"), Decimal("2.5")),
        (Decimal("70.5"), None, Decimal("5")),
    ]
    assert [test.code for test in LabTest.objects.filter(study=study)] == ["K", "GLUC", "KETONES"]
    assert set(LabUnit.objects.filter(test__code="GLUC").values_list("code", flat=True)) == {
        "mmol/L",
        "mg/dL",
    }


def test_an_unquoted_decimal_of_a_setting_keeps_every_digit() -> None:
    assert load().study.setting("threshold") == "1.50"


def test_a_window_named_by_a_setting_has_the_setting_s_value() -> None:
    load()
    assert VisitDefinition.objects.get(code="BASE").window_after_days == 2


def test_a_first_load_is_one_event_for_the_study_and_one_for_each_site() -> None:
    study = load().study
    keys = {event.chain.key: event for event in load_events()}
    assert set(keys) == {"study:BP-7", "site:BP-7/N1", "site:BP-7/S1"}
    assert all((event.actor.username, event.role) == ("system", "SYSTEM") for event in keys.values())
    assert keys["site:BP-7/N1"].rows == 1
    assert study.chain == keys["study:BP-7"].chain
    assert Site.objects.get(code="N1").chain == keys["site:BP-7/N1"].chain


def test_every_loaded_row_has_its_first_history_row() -> None:
    load()
    for model in (Study, Site, Arm, LabTest, ReferenceRange, StudySetting, DoseBand):
        rows = model.objects.count()
        assert rows > 0
        assert model.history.filter(history_type="+").count() == rows


def test_loading_the_same_files_again_writes_nothing() -> None:
    first = load()
    chains = list(Chain.objects.order_by("pk").values_list("key", "last_number", "last_hash"))
    second = load()
    assert second.created == {}
    assert second.changed == []
    assert second.unchanged == sum(first.created.values())
    assert list(Chain.objects.order_by("pk").values_list("key", "last_number", "last_hash")) == chains


def test_a_change_without_a_reason_is_refused_and_writes_nothing(tmp_path: Path) -> None:
    load()
    directory = copied(SECOND, tmp_path)
    edited(directory / "arms.yaml", "title: Tablet X", "title: Tablet XX")
    edited(directory / "sites.yaml", "city: Oslo", "city: Bergen")
    assert refused(lambda: load(directory)) == [
        "sites.yaml: sites[0] (N1): city: differs from what is stored: a reason is required",
        "arms.yaml: arms[0] (X): title: differs from what is stored: a reason is required",
    ]
    assert refused(lambda: load(directory, reason="  ")) != []
    assert Arm.objects.get(code="X").title == "Tablet X"
    assert len(load_events()) == 3


def test_a_change_with_a_reason_is_recorded_in_the_chain_it_belongs_to(tmp_path: Path) -> None:
    load()
    directory = copied(SECOND, tmp_path)
    edited(directory / "sites.yaml", "city: Oslo", "city: Bergen")
    report = load(directory, reason="The clinic moved.")
    assert report.changed == ["sites.yaml: sites[0] (N1): city"]
    newest = AuditEvent.objects.get(chain__key="site:BP-7/N1", number=2)
    assert (newest.action, newest.reason, newest.rows) == ("load protocol", "The clinic moved.", 1)
    assert AuditEvent.objects.filter(reason="The clinic moved.").count() == 1
    assert Site.history.filter(code="N1", history_type="~").count() == 1


def test_a_reference_that_moves_is_a_change(tmp_path: Path) -> None:
    load()
    directory = copied(SECOND, tmp_path)
    edited(directory / "laboratory.yaml", "site: N1", "site: S1")
    assert refused(lambda: load(directory)) == [
        "laboratory.yaml: laboratories[0] (N1-LAB): site: differs from what is stored: a reason is required"
    ]
    load(directory, reason="The laboratory moved south.")
    assert Laboratory.objects.get(code="N1-LAB").site.code == "S1"


def test_a_new_record_needs_no_reason(tmp_path: Path) -> None:
    load()
    directory = copied(SECOND, tmp_path)
    with (directory / "sites.yaml").open("a") as file:
        file.write("  - {code: E1, name: Eastern clinic}\n")
    assert load(directory).created == {"sites": 1}


def test_what_is_stored_is_never_removed(tmp_path: Path) -> None:
    load()
    directory = copied(SECOND, tmp_path)
    edited(directory / "sites.yaml", "  - {code: S1, name: South clinic, time_zone: UTC}\n", "")
    assert refused(lambda: load(directory, reason="closed")) == [
        "sites: “S1” is stored and missing from the files; nothing is ever removed"
    ]


def test_a_stored_reference_range_is_not_changed_by_a_load_even_with_a_reason(tmp_path: Path) -> None:
    load()
    directory = copied(SECOND, tmp_path)
    edited(directory / "reference_ranges.yaml", "high: 5.2", "high: 5.3")
    (line,) = refused(lambda: load(directory, reason="The laboratory corrected it."))
    assert line.startswith("reference_ranges.yaml: ranges[1] (N1-LAB K mmol/L 2020-01-01): high: differs")
    assert ReferenceRange.objects.get(low="3.6").high == Decimal("5.2")


def test_a_registry_number_belongs_to_one_study(tmp_path: Path) -> None:
    load()
    directory = copied(SECOND, tmp_path)
    edited(directory / "study.yaml", "code: BP-7", "code: BP-8")
    assert refused(lambda: load(directory)) == ["study.yaml: study: registry_id: is that of another study"]
    assert not Chain.objects.filter(key="study:BP-8").exists()


def test_a_user_without_the_right_to_load_is_refused() -> None:
    study = load().study
    investigator = person(Role.INVESTIGATOR, study)
    with pytest.raises(NotPermitted):
        load_protocol(actor=investigator, paths=[SECOND])


def test_an_administrator_of_the_study_may_load_it_again() -> None:
    administrator = person(Role.ADMINISTRATOR, load().study)
    assert load_protocol(actor=administrator, paths=[SECOND]).created == {}


def test_the_demonstration_site_is_refused_outside_demo_settings() -> None:
    assert refused(lambda: load(REGISTRY, DEMO_SITE)) == [
        "demo_site/sites.yaml: sites[0] (SY): is_synthetic: is refused outside demo settings"
    ]


def test_the_demonstration_site_brings_its_own_laboratory_with_units_of_its_own(
    settings: Settings,
) -> None:
    settings.DEMO = True
    study = load(REGISTRY, DEMO_SITE).study
    assert [(site.code, site.is_synthetic) for site in study.sites.order_by("code")] == [
        ("SY", True),
        ("ZS", False),
    ]
    units = ReferenceRange.objects.filter(test__code="HGB", sex="F").values_list("laboratory__code", "unit")
    assert set(units) == {("ZS-LAB", "g/L"), ("SY-LAB", "g/dL")}


def test_a_load_asks_the_database_in_sets(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    User.objects.system_user()
    with django_assert_max_num_queries(150):
        load(REGISTRY)


def test_the_command_loads_and_says_what_it_did() -> None:
    out = StringIO()
    call_command("load_protocol", str(SECOND), stdout=out)
    assert Study.objects.get().code == "BP-7"
    assert out.getvalue().startswith("BP-7: ")
    call_command("load_protocol", str(SECOND), stdout=out)
    assert "BP-7: 0 new, 0 fields changed" in out.getvalue()


def test_the_command_fails_with_every_fault_and_loads_nothing(tmp_path: Path) -> None:
    directory = copied(SECOND, tmp_path)
    edited(directory / "study.yaml", "2020-01-15", "soon")
    edited(directory / "arms.yaml", "ratio: 2", "ratio: two")
    with pytest.raises(CommandError) as error:
        call_command("load_protocol", str(directory))
    assert "study.yaml: study: start_date: must be a day" in str(error.value)
    assert "arms.yaml: arms[0] (X): ratio: must be a whole number" in str(error.value)
    assert not Study.objects.exists()


def test_the_command_hands_on_the_reason(tmp_path: Path) -> None:
    call_command("load_protocol", str(SECOND), stdout=StringIO())
    directory = copied(SECOND, tmp_path)
    edited(directory / "arms.yaml", "ratio: 2", "ratio: 3")
    with pytest.raises(CommandError, match="a reason is required"):
        call_command("load_protocol", str(directory))
    call_command("load_protocol", str(directory), reason="Amendment 1", stdout=StringIO())
    assert Arm.objects.get(code="X").ratio == 3
    assert AuditEvent.objects.filter(reason="Amendment 1", source="COMMAND").count() == 1
