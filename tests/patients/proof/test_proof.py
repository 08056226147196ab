"""The proof for an outsider, checked by a program of its own in a process of its own."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from patients.actions.randomization_proof import prove_randomization
from patients.actions.randomize import randomize
from patients.models import Allocation
from tests.factories import coordinator_of, person
from tests.patients.proof.published import digests, secrets_of
from tests.patients.strata import screened_in, sealed_list
from trials.actions.errors import ReasonRequired, WrongState
from trials.actions.randomization_list import close_list
from trials.actions.sealed_list import sealed
from trials.clinical import randomization_verifier as verifier
from trials.clinical.randomization import allocate
from trials.models import (
    AuditEvent,
    RandomizationList,
    RandomizationPublication,
    Role,
    Site,
    Study,
    User,
)
from trials.roles import NotPermitted

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R43")]


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
