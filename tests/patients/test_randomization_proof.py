"""The proof for an outsider, checked by a program of its own; and the daily comparison of list and use."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import QuerySet
from hypothesis import HealthCheck, given
from hypothesis import settings as bounded
from hypothesis import strategies as st
from pytest_django import Settings

from patients.actions.randomization_faults import faults_of_randomization
from patients.actions.randomization_proof import prove_randomization
from patients.actions.randomize import randomize
from patients.actions.slots import mark_unusable
from patients.models import Allocation
from tests.factories import coordinator_of, make_list, person
from tests.patients.strata import screened_in, sealed_list, stratified_site
from tests.trials.audit.statements import unguarded
from trials.actions.errors import ReasonRequired, WrongState
from trials.actions.randomization_list import close_list, create_list, extend_list
from trials.actions.sealed_list import sealed
from trials.clinical import randomization_verifier as verifier
from trials.clinical.randomization import allocate
from trials.models import (
    AuditEvent,
    RandomizationList,
    RandomizationPublication,
    RandomizationSeal,
    RandomizationSlot,
    Role,
    Site,
    Study,
    UnusableSlot,
    User,
)
from trials.roles import NotPermitted

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R43")]


@pytest.fixture
def site() -> Site:
    return stratified_site()


@pytest.fixture
def study(site: Site) -> Study:
    return site.study


@pytest.fixture
def keeper(study: Study) -> User:
    return person(Role.RANDOMIZATION_KEEPER, study, username="keeper")


@pytest.fixture
def used(site: Site, study: Study, keeper: User) -> RandomizationList:
    """Two strata of 6, one extended to 9; four subjects, one slot taken out in between."""
    made = create_list(actor=keeper, study=study, name="list 1", length=6)
    coordinator = coordinator_of(site)
    for grade in ("0", "1"):
        randomize(actor=coordinator, subject=screened_in(coordinator, site, grade))
    mark_unusable(actor=keeper, study=study, stratum="ECOG=1", reason="kit destroyed")
    made = extend_list(
        actor=keeper, randomization_list=made, length=9, strata=["ECOG=1"], reason="more subjects"
    )
    for grade in ("1", "0"):
        randomize(actor=coordinator, subject=screened_in(coordinator, site, grade))
    return made


def digests() -> list[str]:
    rows = RandomizationPublication.objects.values_list("digest", "commitments_digest")
    return [digest for row in rows for digest in row]


def written(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8", newline="\n")
    return folder


def checked(folder: Path, *arguments: str) -> tuple[int, str]:
    """The verifier of the proof, in a process without this project on its path."""
    command = [sys.executable, "-I", "verify.py", *arguments]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode, ended.stdout + ended.stderr


def secrets_of(made: RandomizationList) -> list[str]:
    seal: Any = RandomizationSeal.objects.get(list=made)
    return [seal.seed, seal.nonce]


def test_an_outsider_checks_the_used_slots_and_learns_nothing_of_the_others(
    used: RandomizationList, study: Study, keeper: User, tmp_path: Path
) -> None:
    files = prove_randomization(actor=keeper, study=study, reason="interim inspection")
    folder = written(tmp_path / "proof", files)
    code, said = checked(folder, "--published", *digests())
    assert (code, said) == (0, "Proved: 4 allocations in the order of the list, none left out.\n")
    assert all(secret not in content for secret in secrets_of(used) for content in files.values())
    rows = list(csv.DictReader(StringIO(files["allocations.csv"])))
    assert [(row["order"], row["stratum"], row["slot"]) for row in rows] == [
        ("1", "ECOG=0", "1"),
        ("2", "ECOG=1", "1"),
        ("3", "ECOG=1", "3"),
        ("4", "ECOG=0", "2"),
    ]
    given = [each.arm.code for each in Allocation.objects.order_by("pk").select_related("arm")]
    assert [row["arm"] for row in rows] == given
    event = AuditEvent.objects.get(hash=rows[0]["event_hash"])
    assert (event.action, str(event.number)) == ("randomize", rows[0]["event_number"])
    assert set(files) == {
        "published.json",
        "allocations.csv",
        "unusable.csv",
        "verify.py",
        "list-1-commitments.txt",
        "README.md",
    }


def test_without_the_published_digests_the_verifier_says_what_it_did_not_compare(
    used: RandomizationList, study: Study, keeper: User, tmp_path: Path
) -> None:
    folder = written(tmp_path / "proof", prove_randomization(actor=keeper, study=study, reason="inspection"))
    code, said = checked(folder)
    assert code == 0
    assert "were not compared" in said
    code, said = checked(folder, "--published", "0" * 64)
    assert code == 1
    assert "is none of those published" in said


def turned_arm(files: dict[str, str]) -> None:
    lines = files["allocations.csv"].splitlines()
    cells = lines[1].split(",")
    cells[4] = "B" if cells[4] == "A" else "A"
    files["allocations.csv"] = "\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n"


def left_out(files: dict[str, str]) -> None:
    lines = files["allocations.csv"].splitlines()
    files["allocations.csv"] = "\n".join([lines[0], *lines[2:]]) + "\n"


def turned_order(files: dict[str, str]) -> None:
    lines = files["allocations.csv"].splitlines()
    files["allocations.csv"] = "\n".join([lines[0], *reversed(lines[1:])]) + "\n"


def forgotten_mark(files: dict[str, str]) -> None:
    files["unusable.csv"] = files["unusable.csv"].splitlines()[0] + "\n"


def twice(files: dict[str, str]) -> None:
    lines = files["allocations.csv"].splitlines()
    first, last = lines[1].split(","), lines[4].split(",")
    last[6] = first[6]
    files["allocations.csv"] = "\n".join([*lines[:4], ",".join(last)]) + "\n"


def other_commitments(files: dict[str, str]) -> None:
    text = files["list-1-commitments.txt"]
    files["list-1-commitments.txt"] = text[:-3] + ("aa\n" if text[-3:] != "aa\n" else "bb\n")


@pytest.mark.parametrize(
    ("forge", "said"),
    [
        (turned_arm, "do not open the commitment"),
        (left_out, "was left out"),
        (turned_order, "were not given in their order"),
        (forgotten_mark, "slot 2 of list 1 was left out"),
        (twice, "was randomized twice"),
        (other_commitments, "its commitments do not give digest"),
    ],
)
def test_a_forged_proof_does_not_hold(
    used: RandomizationList,
    study: Study,
    keeper: User,
    tmp_path: Path,
    forge: Callable[[dict[str, str]], None],
    said: str,
) -> None:
    files = prove_randomization(actor=keeper, study=study, reason="inspection")
    forge(files)
    code, output = checked(written(tmp_path / "proof", files), "--published", *digests())
    assert code == 1
    assert said in output


def test_the_seed_is_given_only_when_every_list_is_closed(
    used: RandomizationList, study: Study, keeper: User, tmp_path: Path
) -> None:
    with pytest.raises(WrongState, match="close first for ever “list 1”"):
        prove_randomization(actor=keeper, study=study, reason="end", after_study=True)
    close_list(actor=keeper, randomization_list=used, reason="enrollment has ended")
    files = prove_randomization(actor=keeper, study=study, reason="end", after_study=True)
    content = sealed(used)
    assert content is not None
    assert files["list-1.txt"] == content.text()
    folder = written(tmp_path / "proof", files)
    assert checked(folder, "--published", *digests())[0] == 0
    (folder / "list-1.txt").write_text(
        content.text().replace(content.seed.hex(), "00" * 32), encoding="ascii"
    )
    code, said = checked(folder)
    assert code == 1
    assert "the seed does not give these slots" in said


def test_an_imported_list_is_proved_without_a_seed(
    site: Site, study: Study, keeper: User, tmp_path: Path
) -> None:
    made = sealed_list(study, {"ECOG=0": "AB", "ECOG=1": "BA"}, keeper=keeper)
    coordinator = coordinator_of(site)
    randomize(actor=coordinator, subject=screened_in(coordinator, site, "1"))
    close_list(actor=keeper, randomization_list=made, reason="end")
    sealed_list(study, {"ECOG=0": "AB", "ECOG=1": "BA"}, "list 2", keeper)
    randomize(actor=coordinator, subject=screened_in(coordinator, site, "1"))
    folder = written(tmp_path / "proof", prove_randomization(actor=keeper, study=study, reason="inspection"))
    assert checked(folder, "--published", *digests())[0] == 0


@pytest.mark.requirement("R09")
def test_a_proof_is_an_event_with_its_reason(used: RandomizationList, study: Study, keeper: User) -> None:
    with pytest.raises(ReasonRequired):
        prove_randomization(actor=keeper, study=study, reason="")
    prove_randomization(actor=keeper, study=study, reason="inspection")
    event = AuditEvent.objects.get(action="prove randomization")
    assert (event.actor, event.reason) == (keeper, "inspection")
    assert event.note == "A proof of 4 allocations was made: used slots only."
    for role in [role for role in Role if role != Role.RANDOMIZATION_KEEPER]:
        with pytest.raises(NotPermitted):
            prove_randomization(actor=person(role, study), study=study, reason="curious")


def test_the_command_writes_a_new_folder_and_prints_no_secret(
    used: RandomizationList, study: Study, keeper: User, tmp_path: Path
) -> None:
    out, folder = StringIO(), tmp_path / "proof"
    options = {"study": study.code, "keeper": "keeper", "reason": "inspection", "folder": folder}
    call_command("replay_randomization", stdout=out, **options)
    assert checked(folder, "--published", *digests())[0] == 0
    assert all(digest in out.getvalue() for digest in digests())
    assert all(secret not in out.getvalue() for secret in secrets_of(used))
    with pytest.raises(CommandError, match="must be a new folder"):
        call_command("replay_randomization", **options)
    with pytest.raises(CommandError, match="close first"):
        call_command("replay_randomization", **options | {"folder": tmp_path / "other"}, after_study=True)
    assert not (tmp_path / "other").exists()


@bounded(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(min_size=16, max_size=40),
    st.sampled_from(["", "ECOG=0", "A=1;B=2"]),
    st.sampled_from([[2], [4, 6], [6, 4, 2]]),
    st.integers(1, 60),
)
def test_the_verifier_generates_what_the_service_generates(
    seed: bytes, stratum: str, sizes: list[int], length: int
) -> None:
    arms = [("B", 1), ("A", 1)]
    expected = allocate(seed=seed, stratum=stratum, arms=arms, block_sizes=sizes, length=length)
    pairs = [list(arm) for arm in arms]
    algorithm = "permuted-blocks-sha256-v1"
    assert verifier.arms_from_seed(algorithm, seed, sizes, pairs, stratum, length) == expected


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


def test_published_json_names_no_slot(used: RandomizationList, study: Study, keeper: User) -> None:
    files = prove_randomization(actor=keeper, study=study, reason="inspection")
    [told] = json.loads(files["published.json"])["lists"]
    assert set(told) == {"name", "order", "closed_at", "publications"}
    assert [each["lengths"] for each in told["publications"]] == [
        {"ECOG=0": 6, "ECOG=1": 6},
        {"ECOG=0": 6, "ECOG=1": 9},
    ]


def test_the_command_makes_chosen_strata_of_the_study_and_no_others(study: Study, keeper: User) -> None:
    options = {"study": study.code, "keeper": "keeper", "length": 4}
    with pytest.raises(CommandError, match="must be those of the study's factors"):
        call_command("generate_randomization", name="list 1", strata=["ECOG=7"], **options)
    call_command("generate_randomization", name="list 1", stdout=StringIO(), **options)
    call_command("generate_randomization", name="list 2", strata=["ECOG=1"], stdout=StringIO(), **options)
    made = RandomizationPublication.objects.order_by("list__order").values_list("lengths", flat=True)
    assert list(made) == [{"ECOG=0": 4, "ECOG=1": 4}, {"ECOG=1": 4}]


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
