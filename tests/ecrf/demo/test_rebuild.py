"""The same lives on every build: the file can be made again by anybody, and says nothing else."""

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import pytest
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from ecrf.demo.build import build
from ecrf.demo.fixture import read, write
from ecrf.demo.plans import Fate, arm_sequence, draw_plans
from ecrf.demo.scratch_database import scratch_database
from patients.models import Subject
from tests.ecrf.demo.entries import Entry, casebooks, connected, settled


@pytest.fixture
def scratch(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with override_settings(DEMO=True), django_db_blocker.unblock(), scratch_database():
        yield


def test_the_plans_are_drawn_the_same_each_time() -> None:
    assert draw_plans() == draw_plans()


def test_the_arms_of_the_plans_follow_the_list() -> None:
    randomized = [plan for plan in draw_plans() if plan.fate is Fate.RANDOMIZED]
    assert sorted(plan.arm for plan in randomized) == sorted(arm_sequence()) == ["A"] * 31 + ["B"] * 30


@pytest.mark.usefixtures("scratch")
def test_the_first_three_lives_replayed_again_are_those_of_the_file(entries: list[Entry]) -> None:
    build(draw_plans()[:3])
    codes = set(Subject.objects.values_list("code", flat=True))
    assert codes == {"ZS-001", "ZS-002", "ZS-003"}
    assert casebooks(connected(), codes) == casebooks(entries, codes)


@pytest.mark.heavy
@pytest.mark.usefixtures("scratch")
def test_the_whole_file_can_be_made_again(tmp_path: Path, entries: list[Entry]) -> None:
    build(draw_plans())
    write(tmp_path / "again.jsonl.gz")
    for again, kept in zip_longest(read(tmp_path / "again.jsonl.gz"), entries):
        assert settled(again) == settled(kept)
