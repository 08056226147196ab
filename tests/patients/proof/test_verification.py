"""The daily comparison of list, seal, published digests and use."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import QuerySet
from pytest_django import Settings

from patients.actions.randomization_faults import faults_of_randomization
from patients.actions.randomization_proof import prove_randomization
from patients.models import Allocation
from tests.factories import make_list
from tests.patients.proof.published import secrets_of
from tests.trials.audit.statements import unguarded
from trials.actions.errors import WrongState
from trials.actions.randomization_list import create_list
from trials.actions.sealed_list import sealed
from trials.models import (
    RandomizationList,
    RandomizationPublication,
    RandomizationSlot,
    Study,
    UnusableSlot,
    User,
)

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R43")]


# ---------------------------------------------------------------- every day
def behind_the_back(model: Any, key: int, **values: Any) -> None:
    """Change a row as somebody would who has the database."""
    with unguarded():
        QuerySet(model).filter(pk=key).update(**values)


def verified(study: Study, **options: Any) -> tuple[int, str]:
    out, err = StringIO(), StringIO()
    try:
        call_command("verify_randomization", study=study.code, stdout=out, stderr=err, **options)
    except SystemExit as ended:
        return int(ended.code or 0), err.getvalue()
    return 0, out.getvalue()


def test_an_untouched_randomization_fits(used: RandomizationList, study: Study, tmp_path: Path) -> None:
    said = "The randomization fits its lists and what was published of them.\n"
    assert verified(study) == (0, said)
    content = sealed(used)
    assert content is not None
    for number, each in enumerate(RandomizationPublication.objects.order_by("number")):
        for text in (content.up_to(each.lengths).text(), content.up_to(each.lengths).commitments()):
            file = tmp_path / f"{number}.txt"
            file.write_bytes(text.encode("ascii"))
            assert verified(study, file=file) == (0, said)


def test_a_file_that_differs_in_one_byte_is_named_by_its_line(
    used: RandomizationList, study: Study, tmp_path: Path
) -> None:
    content = sealed(used)
    assert content is not None
    lines = content.text().splitlines(keepends=True)
    lines[8] = lines[8].replace('"A"]', '"C"]').replace('"B"]', '"C"]')
    file = tmp_path / "list.txt"
    file.write_text("".join(lines), encoding="ascii", newline="\n")
    assert verified(study, file=file) == (
        1,
        "TEST-1: list.txt: differs from the list in the database in line 9\n",
    )
    file.write_bytes(b"something else")
    assert verified(study, file=file) == (1, "TEST-1: list.txt: is not the text of a list of this study\n")


def a_free_slot(study: Study) -> None:
    slot = RandomizationSlot.objects.get(stratum="ECOG=0", number=5)
    behind_the_back(RandomizationSlot, slot.pk, arm=study.arms.exclude(pk=slot.arm_id).get())


def an_arm_given(study: Study) -> None:
    first = Allocation.objects.order_by("pk").first()
    assert first is not None
    behind_the_back(Allocation, first.pk, arm=study.arms.exclude(pk=first.arm_id).get())


def a_stratum_given(study: Study) -> None:
    first = Allocation.objects.order_by("pk").first()
    assert first is not None
    behind_the_back(Allocation, first.pk, stratum="ECOG=1")


def a_slot_skipped(study: Study) -> None:
    last = Allocation.objects.filter(stratum="ECOG=0").order_by("pk").last()
    assert last is not None
    later = RandomizationSlot.objects.filter(stratum="ECOG=0", number__gt=2, arm_id=last.arm_id).first()
    behind_the_back(Allocation, last.pk, slot=later)


def a_mark_of_a_used_slot(study: Study) -> None:
    used = RandomizationSlot.objects.get(stratum="ECOG=0", number=1)
    behind_the_back(UnusableSlot, UnusableSlot.objects.get().pk, slot=used)


def a_digest(study: Study) -> None:
    publication = RandomizationPublication.objects.get(number=1)
    behind_the_back(RandomizationPublication, publication.pk, commitments_digest="0" * 64)


def an_allocation_without_record(study: Study) -> None:
    last = Allocation.objects.order_by("pk").last()
    assert last is not None
    with unguarded():
        QuerySet(Allocation).filter(pk=last.pk)._raw_delete("default")


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (a_free_slot, "stratum “ECOG=0”: slot 5 is not what the seed gives"),
        (an_arm_given, "slot 1: the allocation has another arm than its slot"),
        (a_stratum_given, "slot 1: the allocation has another stratum than its slot"),
        (a_slot_skipped, "slot 2: was left out"),
        (a_mark_of_a_used_slot, "slot 1: is unusable and was given"),
        (a_digest, "publication 1: the list does not give the digest of the commitments"),
        (an_allocation_without_record, "is in the history and missing from the data"),
    ],
)
@pytest.mark.requirement("R17")
def test_what_was_altered_is_named_without_any_arm(
    used: RandomizationList, study: Study, keeper: User, tamper: Callable[[Study], None], said: str
) -> None:
    tamper(study)
    code, printed = verified(study)
    assert code == 1
    assert said in printed
    assert "list “list 1”" in printed or "history" in printed
    assert not {"A", "B"} & set(printed.replace(",", " ").replace(":", " ").split())
    assert all(secret not in printed for secret in secrets_of(used))
    with pytest.raises(WrongState, match="Nothing is proved"):
        prove_randomization(actor=keeper, study=study, reason="inspection")


def test_a_list_without_seal_is_named(study: Study) -> None:
    make_list(study, "AB")
    assert faults_of_randomization(study) == [
        "list “list 1”: has no seal: neither its slots nor its digest can be recomputed"
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"study": "NONE"}, "There is no study NONE."),
        ({"file": Path("nowhere.txt")}, "nowhere.txt cannot be read"),
    ],
)
def test_the_command_says_what_it_cannot_compare(study: Study, options: dict[str, Any], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("verify_randomization", **options)


def test_a_demonstration_list_is_refused_by_every_command_outside_demo_settings(
    study: Study, keeper: User, tmp_path: Path, settings: Settings
) -> None:
    settings.DEMO = True
    create_list(actor=keeper, study=study, name="demo", length=4, is_demo=True)
    settings.DEMO = False
    code, said = verified(study)
    assert (code, said) == (
        1,
        "TEST-1: list “demo”: is a demonstration list, which this installation refuses\n",
    )
    options = {"study": study.code, "keeper": "keeper", "reason": "x", "folder": tmp_path / "proof"}
    with pytest.raises(CommandError, match="demonstration list"):
        call_command("replay_randomization", **options)
