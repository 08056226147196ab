"""Nobody has to read code to learn what was assumed: docs/assumptions.md lists it, and is held to it."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from patients.derivations.dose import surface_settings
from patients.facts import Facts
from patients.models import Subject
from tests.trials.protocol.paths import REGISTRY
from trials.clinical.body_surface_area import Formula
from trials.models import User
from trials.protocol.loading import load_protocol
from trials.protocol.parsing import read_protocol

ROOT = Path(settings.BASE_DIR)
PAGE = ROOT / "docs" / "assumptions.md"
UNFOLLOWED = "Nothing follows these yet:"
SHOWN_ONLY = "Three are shown beside the criterion"
ROW = re.compile(
    r"^\| `(?P<key>\w+)` \| `(?P<default>.+?)` \| (?P<unit>.*?) \| (?P<meaning>.+) \|$", re.MULTILINE
)

OPEN_POINTS: dict[str, object] = {
    "body_surface_formula": "MOSTELLER",
    "body_surface_cap_m2": None,
    "body_surface_round_to_mg": None,
    "dose_tolerance_percent": {"TORIPALIMAB": 0, "LENVATINIB": 0, "OXALIPLATIN": 5, "GEMCITABINE": 5},
    "gemox_max_cycles": 8,
    "hbv_hcv_reading": "OR",
    "hbv_copies_per_iu": "5",
    "imaging_interval_days": 42,
    "eligibility_value": "LAST",
    "ctcae_circumstances": "RECORDED_OR_WORST_CASE",
    "laboratory_baseline": "FIRST_DOSE",
    "pfs_resection": "IGNORE",
    "partial_event_date": "LEFT_OUT",
    "ctcae_version": "5.0",
    "pfs_censoring": "FDA",
    "median_interval": "log-log",
    "month_days": "30.4375",
    "i6_anchor": "CONSENT",
    "e3_scope": "FIRST_CLAUSE",
    "randomization_stratification": [],
}


def loaded() -> list[dict[str, Any]]:
    return [each.values for each in read_protocol([REGISTRY]).records["settings"]]


def documented() -> dict[str, tuple[object, str, str]]:
    rows = ROW.finditer(PAGE.read_text(encoding="utf-8"))
    return {row["key"]: (json.loads(row["default"]), row["unit"], row["meaning"]) for row in rows}


def keys_of_paragraph(beginning: str) -> set[str]:
    """The settings that a paragraph of the page names."""
    _before, _words, rest = PAGE.read_text(encoding="utf-8").partition(beginning)
    assert rest, f"no paragraph of the page begins with “{beginning}”"
    return set(re.findall(r"`(\w+)`", rest.partition("\n\n")[0]))


@cache
def named_in_code() -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """Texts in the code: whole ones, and patterns of those that are put together from parts."""
    whole: set[str] = set()
    patterns: set[str] = set()
    for floor in ("trials", "patients", "ecrf"):
        for file in (ROOT / floor).rglob("*.py"):
            if "migrations" not in file.parts:
                for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                    if isinstance(node, ast.Constant) and isinstance(node.value, str):
                        whole.add(node.value)
                    elif isinstance(node, ast.JoinedStr):
                        patterns.add(_pattern(node))
    # A pattern that says next to nothing of a key would match any of them.
    telling = {each for each in patterns if len(each.replace(r"\w+", "")) > len("_minutes")}
    return frozenset(whole), tuple(map(re.compile, telling))


def _pattern(node: ast.JoinedStr) -> str:
    parts = (re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"\w+" for part in node.values)
    return "".join(parts)


def named_in_protocol() -> set[str]:
    """Texts in the study's other data, where the name of a setting may stand for its value."""
    found: set[str] = set()
    for file in REGISTRY.glob("*.yaml"):
        if file.name != "settings.yaml":
            found |= {text.split(" + ")[0] for text in _texts(yaml.safe_load(file.read_text("utf-8")))}
    return found


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        data = list(data.values())
    if isinstance(data, list):
        for each in data:
            yield from _texts(each)
    elif isinstance(data, str):
        yield data


def test_every_setting_is_documented_with_its_default_unit_and_meaning() -> None:
    told = {each["key"]: (each["default"], each["unit"], each["description"].strip()) for each in loaded()}
    assert documented() == told


def test_the_settings_that_nothing_follows_are_named_and_no_others() -> None:
    whole, patterns = named_in_code()
    followed = whole | named_in_protocol()
    unfollowed = {
        each["key"]
        for each in loaded()
        if each["key"] not in followed and not any(known.fullmatch(each["key"]) for known in patterns)
    }
    assert keys_of_paragraph(UNFOLLOWED) == unfollowed


def test_the_settings_that_are_only_shown_beside_a_criterion_are_named_and_no_others() -> None:
    shown: set[str] = set()
    for rule in read_protocol([REGISTRY]).records["rules"]:
        shown |= set(rule["options"].get("read_with", ()))
    assert keys_of_paragraph(SHOWN_ONLY) == shown


def test_assumptions_and_facts_are_told_apart() -> None:
    assumed, facts = PAGE.read_text(encoding="utf-8").split("## Settings that are facts")
    for setting in loaded():
        assert f"| `{setting['key']}` |" in (assumed if setting["is_assumption"] else facts)


def test_the_published_setup_decides_nothing_against_its_defaults() -> None:
    assert [setting["key"] for setting in loaded() if setting["value"] != setting["default"]] == []


def test_the_open_points_have_the_defaults_that_were_agreed() -> None:
    defaults = {each["key"]: each["default"] for each in loaded()}
    assert {key: defaults[key] for key in OPEN_POINTS} == OPEN_POINTS


@pytest.mark.django_db
def test_a_dose_is_planned_with_the_loaded_settings() -> None:
    study = load_protocol(actor=User.objects.system_user(), paths=[REGISTRY]).study
    subject = Subject(study=study)
    chosen = surface_settings(Facts([subject]), subject)
    assert chosen is not None
    assert (chosen.formula, chosen.cap_m2, chosen.round_to_mg) == (Formula.MOSTELLER, None, None)
