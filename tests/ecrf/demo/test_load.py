"""Loading the demonstration into an empty installation, on both databases."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import override_settings

from ecrf.demo.fixture import read
from ecrf.demo.load import CannotLoad, load
from ecrf.demo.world import fixture_path
from patients.actions.enroll import enroll
from patients.models import Allocation, LabResult, Subject
from tests.ecrf.demo.entries import Entry
from trials.models import AuditEvent, Chain, Site, Study, User

pytestmark = pytest.mark.django_db


def rewritten(path: Path, change: Callable[[Entry], Entry | None]) -> Path:
    """A copy of the file with each object changed; None leaves it out."""
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        for entry in read(fixture_path()):
            changed = change(entry)
            if changed is not None:
                lines.write(json.dumps(changed) + "\n")
    return path


def nothing_was_written() -> bool:
    return not any(model.objects.exists() for model in (Study, User, Chain, AuditEvent, Subject, LabResult))


def test_the_demonstration_loads_and_the_study_goes_on_from_there() -> None:
    count = load(fixture_path())

    assert count == sum(1 for _entry in read(fixture_path()))
    assert Allocation.objects.count() == 61
    assert Subject.objects.filter(status="SCREEN_FAILURE").count() >= 8
    site = Site.objects.get(code="ZS")
    last = Subject.objects.filter(site=site).order_by("number").last()
    with override_settings(DEMO=True):
        new = enroll(actor=User.objects.get(username="coordinator"), site=site, screened_on=last.screened_on)
    assert new.number == last.number + 1
    assert new.pk > last.pk


def test_a_database_that_is_not_empty_is_left_as_it_is() -> None:
    User.objects.create_user("somebody")
    before = AuditEvent.objects.count()
    with pytest.raises(CannotLoad, match="not empty"):
        load(fixture_path())
    assert AuditEvent.objects.count() == before


def test_a_reason_changed_in_the_file_is_found_and_nothing_is_written(tmp_path: Path) -> None:
    def change(entry: Entry) -> Entry | None:
        if entry["model"] == "trials.auditevent" and entry["fields"]["reason"].startswith("Transcription"):
            entry["fields"]["reason"] = "Something else"
        return entry if entry["model"].startswith("trials.") else None

    with pytest.raises(CannotLoad, match="does not fit its chain"):
        load(rewritten(tmp_path / "changed.jsonl.gz", change))
    assert nothing_was_written()


def test_an_unknown_model_in_the_file_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    def change(entry: Entry) -> Entry | None:
        if entry["model"] == "patients.cycle":
            return {**entry, "model": "sessions.session"}
        return entry if entry["model"] in ("trials.chain", "trials.user") else None

    with pytest.raises(CannotLoad, match="sessions.session is not a part of the record"):
        load(rewritten(tmp_path / "unknown.jsonl.gz", change))
    assert nothing_was_written()


def test_a_column_that_the_table_does_not_have_is_refused(tmp_path: Path) -> None:
    def change(entry: Entry) -> Entry | None:
        if entry["model"] == "trials.chain":
            entry["fields"]["more"] = 1
        return entry if entry["model"] == "trials.chain" else None

    with pytest.raises(CannotLoad, match=r"trials\.chain has other columns"):
        load(rewritten(tmp_path / "column.jsonl.gz", change))


def test_a_line_that_is_no_object_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jsonl.gz"
    with gzip.open(broken, "wt", encoding="utf-8") as lines:
        lines.write('{"model": "trials.chain"}\n')
    with pytest.raises(ValueError, match=r"broken\.jsonl\.gz, line 1"):
        list(read(broken))
