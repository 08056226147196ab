"""Nobody has to read code to learn what was assumed: docs/assumptions.md lists it, and is held to it."""

import json
import re
from pathlib import Path

import pytest
from django.conf import settings

from patients.derivations.dose import surface_settings
from patients.facts import Facts
from patients.models import Subject
from tests.trials.protocol.paths import REGISTRY
from trials.clinical.body_surface_area import Formula
from trials.models import User
from trials.protocol.loading import load_protocol
from trials.protocol.parsing import read_protocol

PAGE = Path(settings.BASE_DIR) / "docs" / "assumptions.md"
ROW = re.compile(
    r"^\| `(?P<key>\w+)` \| `(?P<default>.+?)` \| (?P<unit>.*?) \| (?P<meaning>.+) \|$", re.MULTILINE
)

OPEN_POINTS = {
    "body_surface_formula": "MOSTELLER",
    "body_surface_cap_m2": None,
    "body_surface_round_to_mg": None,
    "gemox_dose_tolerance_percent": 5,
    "gemox_max_cycles": 8,
    "hbv_hcv_reading": "OR",
    "hbv_copies_per_iu": "5",
    "imaging_interval_days": 42,
    "ctcae_version": "5.0",
    "pfs_censoring": "FDA",
    "median_interval": "log-log",
    "month_days": "30.4375",
    "i6_anchor": "CONSENT",
    "e3_scope": "FIRST_CLAUSE",
    "randomization_stratification": [],
}


def documented() -> dict[str, tuple[object, str]]:
    rows = ROW.finditer(PAGE.read_text(encoding="utf-8"))
    return {row["key"]: (json.loads(row["default"]), row["unit"]) for row in rows}


def test_every_setting_is_documented_with_its_default_and_unit() -> None:
    loaded = {
        setting["key"]: (setting["default"], setting["unit"])
        for setting in read_protocol([REGISTRY]).records["settings"]
    }
    assert documented() == loaded


def test_assumptions_and_facts_are_told_apart() -> None:
    assumed, facts = PAGE.read_text(encoding="utf-8").split("## Settings that are facts")
    for setting in read_protocol([REGISTRY]).records["settings"]:
        assert f"| `{setting['key']}` |" in (assumed if setting["is_assumption"] else facts)


def test_the_published_setup_decides_nothing_against_its_defaults() -> None:
    records = read_protocol([REGISTRY]).records["settings"]
    assert [setting["key"] for setting in records if setting["value"] != setting["default"]] == []


def test_the_open_points_have_the_defaults_that_were_agreed() -> None:
    defaults = {each["key"]: each["default"] for each in read_protocol([REGISTRY]).records["settings"]}
    assert {key: defaults[key] for key in OPEN_POINTS} == OPEN_POINTS


@pytest.mark.django_db
def test_a_dose_is_planned_with_the_loaded_settings() -> None:
    study = load_protocol(actor=User.objects.system_user(), paths=[REGISTRY]).study
    subject = Subject(study=study)
    chosen = surface_settings(Facts([subject]), subject)
    assert (chosen.formula, chosen.cap_m2, chosen.round_to_mg) == (Formula.MOSTELLER, None, None)
