"""Only what a person has typed signs: the one exception is the demonstration, which no face can reach."""

import ast
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from ecrf.demo.reentry import Synthetic
from patients.actions.seen import Seen
from patients.actions.signatures import sign
from patients.models import Signature, VitalSigns
from trials.models import User

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.django_db
def test_the_signature_of_the_demonstration_exists_under_demo_settings_only(
    vital_signs: VitalSigns, investigator: User, settings: Any
) -> None:
    seen = [Seen(vital_signs, 1)]
    settings.DEMO = False
    with pytest.raises(ImproperlyConfigured):
        sign(actor=investigator, reentry=Synthetic(), seen=seen, meaning="REVIEW")
    assert not Signature.objects.exists()
    settings.DEMO = True
    assert sign(actor=investigator, reentry=Synthetic(), seen=seen, meaning="REVIEW").pk


def importing(module: str) -> set[str]:
    """The files of the project that import a module, beside the tests."""
    found = set()
    for floor in ("ecrf", "patients", "trials"):
        for file in (ROOT / floor).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                names = [node.module] if isinstance(node, ast.ImportFrom) else []
                names += [each.name for each in node.names] if isinstance(node, ast.Import) else []
                if module in names:
                    found.add(file.relative_to(ROOT).as_posix())
    return found


def test_no_face_knows_the_demonstration_s_way_to_sign() -> None:
    outside = {file for file in importing("ecrf.demo.reentry") if not file.startswith("ecrf/demo/")}
    assert outside == set()
