"""The file of the demonstration: small, synthetic, without anything that must stay secret."""

from ecrf.demo.fixture import models_of_the_record
from ecrf.demo.world import COLLEAGUES, fixture_path
from tests.ecrf.demo.entries import Entry


def of(entries: list[Entry], model: str) -> list[Entry]:
    return [entry for entry in entries if entry["model"] == model]


def test_the_file_stays_below_8_megabytes_and_carries_no_time_or_name() -> None:
    header = fixture_path().read_bytes()[:10]
    assert fixture_path().stat().st_size < 8_000_000
    assert header[4:8] == bytes(4)
    assert header[3] == 0


def test_the_note_beside_the_file_says_that_everything_is_synthetic() -> None:
    note = fixture_path().with_name("demo.md").read_text(encoding="utf-8")
    assert "SYNTHETIC" in note.splitlines()[0]


def test_the_file_holds_the_record_and_nothing_else(entries: list[Entry]) -> None:
    known = {model._meta.label_lower for model in models_of_the_record()}
    assert {entry["model"] for entry in entries} <= known


def test_every_subject_and_the_second_site_are_marked_as_synthetic(entries: list[Entry]) -> None:
    assert all(entry["fields"]["is_synthetic"] for entry in of(entries, "patients.subject"))
    marks = {entry["fields"]["code"]: entry["fields"]["is_synthetic"] for entry in of(entries, "trials.site")}
    assert marks == {"ZS": False, "SY": True}


def test_no_account_has_a_password_now_or_in_its_history(entries: list[Entry]) -> None:
    accounts = of(entries, "trials.user") + of(entries, "trials.historicaluser")
    assert {entry["fields"]["username"] for entry in accounts} == {
        "system",
        *(each.username for each in COLLEAGUES),
    }
    assert all(entry["fields"]["password"].startswith("!") for entry in accounts)


def test_no_seed_and_no_block_size_is_told_now_or_in_history(entries: list[Entry]) -> None:
    seals = of(entries, "trials.randomizationseal") + of(entries, "trials.historicalrandomizationseal")
    assert seals
    assert all(not entry["fields"]["seed"] and not entry["fields"]["block_sizes"] for entry in seals)


def test_every_slot_is_used_and_the_list_is_a_demonstration_list(entries: list[Entry]) -> None:
    slots = {entry["pk"] for entry in of(entries, "trials.randomizationslot")}
    used = {entry["fields"]["slot"] for entry in of(entries, "patients.allocation")}
    assert len(slots) == 61
    assert slots == used
    assert all(entry["fields"]["is_demo"] for entry in of(entries, "trials.randomizationlist"))
