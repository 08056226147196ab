"""The known defects of the demonstration: the checks find these and nothing else."""

from collections import Counter
from io import StringIO

import pytest
from django.core.management import call_command

from ecrf.demo.defects import DEFECTS, expected
from ecrf.demo.plans import Fate, draw_plans
from patients.checks.casebook import CHECKS
from patients.models import DeviationStatus, ProtocolDeviation, Query, QueryState, RaisedBy


@pytest.fixture(scope="module")
def said(demonstration: None) -> list[str]:
    """What the command says on the freshly loaded demonstration, whose checks ran when it was built."""
    out = StringIO()
    call_command("run_checks", stdout=out)
    return out.getvalue().splitlines()


def test_the_run_finds_exactly_the_known_defects(said: list[str]) -> None:
    asked = Query.objects.filter(state=QueryState.OPEN, raised_by=RaisedBy.CHECK)
    found = Counter(asked.values_list("check_id", "subject__code", "form"))
    assert found == Counter(expected())


def test_the_run_tells_the_number_of_queries_by_check(said: list[str]) -> None:
    for check, count in Counter(check for check, _, _ in expected()).items():
        line = next(line for line in said if line.split()[0] == check)
        assert line.split()[2] == str(count)


def test_a_run_after_that_of_the_build_raises_none_anew(said: list[str]) -> None:
    assert said[-1] == "0 new"


@pytest.mark.usefixtures("said")
def test_no_drafted_deviation_waits_for_a_decision() -> None:
    assert ProtocolDeviation.objects.filter(status=DeviationStatus.CONFIRMED).count() >= 10
    assert not ProtocolDeviation.objects.filter(status=DeviationStatus.DRAFT).exists()


def test_the_defects_are_of_many_checks_that_exist_and_of_subjects_who_are_treated() -> None:
    checks = [check for defect in DEFECTS for check in defect.checks]
    assert 15 <= len(DEFECTS) <= 25
    assert len(set(checks)) >= 15
    assert set(checks) <= {check.id for check in CHECKS}
    treated = {plan.number for plan in draw_plans() if plan.fate is Fate.RANDOMIZED}
    assert {defect.number for defect in DEFECTS} <= treated
    assert all(defect.words for defect in DEFECTS)
