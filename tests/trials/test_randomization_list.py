"""The randomization list: made from random bits, provable afterwards, seen by its keeper alone."""

import re
import secrets
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import QuerySet
from pytest_django import Settings

from tests.factories import UserFactory, make_site, make_study, person, save
from tests.patients.strata import BY_ECOG, stratify
from tests.trials.audit.statements import unguarded
from trials.actions.errors import Refused
from trials.actions.randomization_list import create_list, import_list
from trials.actions.sealed_list import replay
from trials.clinical.randomization import allocate, published_digest
from trials.models import (
    AuditEvent,
    RandomizationList,
    RandomizationPublication,
    RandomizationSeal,
    RandomizationSlot,
    Role,
    Study,
    User,
)
from trials.roles import NotPermitted

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R43")]

SEED, NONCE = bytes(range(32)), bytes(range(32, 64))
SIZES = [4, 6]
ROWS = [
    {"number": "1", "stratum": "", "arm": "B"},
    {"number": "2", "stratum": "", "arm": "A"},
    {"number": "3", "stratum": "", "arm": "A"},
]


@pytest.fixture
def study() -> Study:
    return make_study()


@pytest.fixture
def keeper(study: Study) -> User:
    return person(Role.RANDOMIZATION_KEEPER, study, username="keeper")


def arms_of(made: RandomizationList) -> str:
    return "".join(made.slots.order_by("stratum", "number").values_list("arm__code", flat=True))


def behind_the_back(model: Any, key: int, **values: Any) -> None:
    """Change a row as somebody would who has the database."""
    with unguarded():
        QuerySet(model).filter(pk=key).update(**values)


def refusal(action: Callable[[], Any]) -> dict[str, Any]:
    with pytest.raises(Refused) as error:
        action()
    return error.value.errors


def test_a_list_holds_the_slots_that_its_seed_generates(
    study: Study, keeper: User, settings: Settings
) -> None:
    settings.DEMO = True
    made = create_list(
        actor=keeper, study=study, name="list 1", length=20, block_sizes=SIZES, seed=SEED, nonce=NONCE
    )
    arms = [("A", 1), ("B", 1)]
    expected = allocate(seed=SEED, stratum="", arms=arms, block_sizes=SIZES, length=20)
    assert arms_of(made) == "".join(expected)
    slots = [("", number, arm) for number, arm in enumerate(expected, 1)]
    digest = published_digest(nonce=NONCE, seed=SEED, block_sizes=SIZES, arms=arms, slots=slots)
    assert made.published_digest == digest


def test_two_lists_of_the_same_settings_come_from_different_random_bits(study: Study, keeper: User) -> None:
    first = create_list(actor=keeper, study=study, name="list 1", length=40)
    second = create_list(actor=keeper, study=study, name="list 2", length=40)
    seals = list(RandomizationSeal.objects.order_by("list__order"))
    assert seals[0].seed != seals[1].seed
    assert seals[0].nonce != seals[1].nonce
    assert {len(bytes.fromhex(seal.seed)) for seal in seals} == {32}
    assert {len(bytes.fromhex(seal.nonce)) for seal in seals} == {32}
    assert first.published_digest != second.published_digest
    assert (first.order, second.order) == (1, 2)


def test_each_stratum_of_the_study_has_slots_of_its_own(study: Study, keeper: User) -> None:
    stratify(study, BY_ECOG)
    made = create_list(actor=keeper, study=study, name="list 1", length=8)
    assert set(made.slots.values_list("stratum", flat=True)) == {"ECOG=0", "ECOG=1"}
    for stratum in ("ECOG=0", "ECOG=1"):
        numbers = made.slots.filter(stratum=stratum).order_by("number").values_list("number", flat=True)
        assert list(numbers) == list(range(1, 9))
    assert replay(made)


def test_a_stored_list_can_be_replayed_from_its_seal(study: Study, keeper: User) -> None:
    assert replay(create_list(actor=keeper, study=study, name="list 1", length=61))


@pytest.mark.parametrize("where", ["slot", "digest", "seed"])
def test_a_list_that_was_tampered_with_does_not_replay(
    study: Study, keeper: User, settings: Settings, where: str
) -> None:
    settings.DEMO = True
    made = create_list(
        actor=keeper, study=study, name="list 1", length=20, block_sizes=SIZES, seed=SEED, nonce=NONCE
    )
    seal: Any = made.seal  # type: ignore[attr-defined]
    if where == "slot":
        slot = made.slots.get(number=5)
        behind_the_back(RandomizationSlot, slot.pk, arm=study.arms.exclude(pk=slot.arm_id).get())
    elif where == "digest":
        made.published_digest = "0" * 64
        save(study.chain, made)
    else:
        behind_the_back(RandomizationSeal, seal.pk, seed=secrets.token_hex(32))
    assert not replay(RandomizationList.objects.get(pk=made.pk))


def test_making_a_list_is_one_event_that_tells_nothing_of_it(study: Study, keeper: User) -> None:
    stratify(study, BY_ECOG)
    made = create_list(actor=keeper, study=study, name="list 1", length=12)
    seal = RandomizationSeal.objects.get()
    (event,) = AuditEvent.objects.filter(action="create randomization list")
    assert (event.actor, event.role, event.chain) == (keeper, Role.RANDOMIZATION_KEEPER, study.chain)
    assert event.rows == 1 + 1 + 24 + 1  # list, seal, slots, publication
    told = f"{event.reason}|{event.note}|{event.action}|{event.request_id}"
    assert told == "||create randomization list|"
    assert seal.seed not in str(vars(event))
    assert seal.nonce not in str(vars(event))
    assert RandomizationSlot.history.filter(event=event).count() == made.slots.count()


def test_a_demonstration_list_exists_only_under_demo_settings(
    study: Study, keeper: User, settings: Settings
) -> None:
    settings.DEMO = False
    make = {"actor": keeper, "study": study, "name": "demo", "is_demo": True}
    assert "is_demo" in refusal(lambda: create_list(length=4, **make))
    assert "is_demo" in refusal(lambda: import_list(rows=ROWS, **make))
    assert not RandomizationList.objects.exists()
    settings.DEMO = True
    assert create_list(length=4, **make).is_demo


@pytest.mark.parametrize("given", [{"seed": SEED}, {"nonce": NONCE}])
def test_a_seed_is_never_given_outside_demo_settings(
    study: Study, keeper: User, settings: Settings, given: dict[str, bytes]
) -> None:
    settings.DEMO = False
    errors = refusal(lambda: create_list(actor=keeper, study=study, name="list 1", length=4, **given))
    assert errors == {"seed": ["comes from the system's random source and is never given"]}


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"length": 0}, "detail"),
        ({"length": 100_001}, "length"),
        ({"strata": []}, "strata"),
        ({"strata": ["", ""]}, "strata"),
        ({"strata": ["ECOG=0"]}, "strata"),
        ({"block_sizes": [3]}, "detail"),
        ({"block_sizes": []}, "detail"),
        ({"arms": [("A", 1), ("C", 1)]}, "arms"),
        ({"arms": [("A", 1)]}, "detail"),
    ],
)
def test_a_list_that_cannot_be_made_is_refused_by_field(
    study: Study, keeper: User, options: dict[str, Any], field: str
) -> None:
    wanted = {"actor": keeper, "study": study, "name": "list 1", "length": 10} | options
    assert list(refusal(lambda: create_list(**wanted))) == [field]
    assert not RandomizationList.objects.exists()


def test_a_name_is_used_once_in_a_study(study: Study, keeper: User) -> None:
    create_list(actor=keeper, study=study, name="list 1", length=4)
    assert "name" in refusal(lambda: create_list(actor=keeper, study=study, name="list 1", length=4))


def test_block_sizes_that_the_keeper_does_not_give_are_drawn_and_sealed() -> None:
    study = make_study("OTHER")
    keeper = person(Role.RANDOMIZATION_KEEPER, study)
    made = create_list(actor=keeper, study=study, name="list 1", length=60)
    sizes = RandomizationSeal.objects.get(list=made).block_sizes
    assert len(set(sizes)) == 2
    assert all(size in (4, 6, 8, 10) for size in sizes)
    assert replay(made)


def test_block_sizes_given_by_the_keeper_are_kept() -> None:
    study = make_study("OTHER")
    keeper = person(Role.RANDOMIZATION_KEEPER, study)
    made = create_list(actor=keeper, study=study, name="list 1", length=4, block_sizes=[2])
    assert sorted(arms_of(made)) == ["A", "A", "B", "B"]


@pytest.mark.parametrize("role", [role for role in Role if role != Role.RANDOMIZATION_KEEPER])
def test_nobody_but_the_keeper_makes_or_imports_a_list(study: Study, role: Role) -> None:
    other = person(role, study)
    with pytest.raises(NotPermitted):
        create_list(actor=other, study=study, name="list 1", length=4)
    with pytest.raises(NotPermitted):
        import_list(actor=other, study=study, name="list 1", rows=ROWS)


def test_an_administrator_of_the_installation_is_no_keeper(study: Study) -> None:
    superuser = UserFactory(is_superuser=True)
    with pytest.raises(NotPermitted):
        create_list(actor=superuser, study=study, name="list 1", length=4)


def test_the_keeper_of_another_study_or_of_one_site_makes_no_list(study: Study) -> None:
    site = make_site(study)
    for keeper in (
        person(Role.RANDOMIZATION_KEEPER, make_study("OTHER")),
        person(Role.RANDOMIZATION_KEEPER, study, site),
    ):
        with pytest.raises(NotPermitted):
            create_list(actor=keeper, study=study, name="list 1", length=4)


def test_an_imported_list_keeps_its_slots_and_can_be_proved(study: Study, keeper: User) -> None:
    made = import_list(actor=keeper, study=study, name="table 7", rows=ROWS)
    assert arms_of(made) == "BAA"
    seal = RandomizationSeal.objects.get(list=made)
    assert (seal.seed, len(seal.nonce), seal.block_sizes) == ("", 64, [])
    assert replay(made)
    made.published_digest = "0" * 64
    save(study.chain, made)
    assert not replay(made)


def test_the_rows_of_an_imported_list_may_stand_in_any_order(study: Study, keeper: User) -> None:
    made = import_list(actor=keeper, study=study, name="table 7", rows=reversed(ROWS))
    assert arms_of(made) == "BAA"


@pytest.mark.parametrize(
    ("rows", "errors"),
    [
        ([{"number": "1", "arm": "C"}], {"row 1": ["arm: is not an arm of the study"]}),
        ([ROWS[0], {"number": "two", "arm": "A"}], {"row 2": ["number: must be a whole number from 1"]}),
        ([{"number": "0", "arm": "A"}], {"row 1": ["number: must be a whole number from 1"]}),
        (
            [{"number": "1", "arm": "A", "seed": "1"}],
            {"row 1": ["columns: only number, stratum, arm are known"]},
        ),
        (
            [{"number": "1", "arm": "A", "stratum": "ECOG=0"}],
            {"row 1": ["stratum: is not a stratum of the study"]},
        ),
        (
            [ROWS[0], ROWS[2]],
            {"rows": ["numbers must count from 1 without a gap or repetition; see number 3"]},
        ),
        (
            [ROWS[0], ROWS[0]],
            {"rows": ["numbers must count from 1 without a gap or repetition; see number 1"]},
        ),
        ([], {"rows": ["there is none"]}),
    ],
)
def test_a_faulty_row_of_an_imported_list_is_named_and_nothing_is_stored(
    study: Study, keeper: User, rows: list[dict[str, str]], errors: dict[str, list[str]]
) -> None:
    assert refusal(lambda: import_list(actor=keeper, study=study, name="table 7", rows=rows)) == errors
    assert not RandomizationList.objects.exists()
    assert not AuditEvent.objects.filter(action="import randomization list").exists()


def test_the_command_prints_name_length_and_digest_and_nothing_else(study: Study, keeper: User) -> None:
    out = StringIO()
    options = {"study": study.code, "keeper": "Keeper", "name": "list 1", "length": 30}
    call_command("generate_randomization", stdout=out, **options)
    made = RandomizationList.objects.get()
    published = RandomizationPublication.objects.get(list=made)
    assert out.getvalue() == (
        f"name: list 1\nlength: 30\npublished digest: {made.published_digest}\n"
        f"published digest of the commitments: {published.commitments_digest}\n"
    )
    assert re.fullmatch(r"[0-9a-f]{64}", made.published_digest)
    assert AuditEvent.objects.get(action="create randomization list").actor == keeper


def test_the_command_imports_a_list_of_a_statistician(study: Study, keeper: User, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("\ufeffnumber,stratum,arm\n1,,B\n2,,A\n", encoding="utf-8")
    options = {"study": study.code, "keeper": "keeper", "name": "table 7", "import_file": file}
    call_command("generate_randomization", stdout=StringIO(), **options)
    assert arms_of(RandomizationList.objects.get()) == "BA"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"study": "NONE"}, "There is no study NONE."),
        ({"keeper": "nobody"}, "There is no account nobody."),
        ({"keeper": "system"}, "There is no account system."),
        ({"keeper": "coordinator"}, "Your role does not allow you to keep the randomization list"),
        ({"demo": True}, "a demonstration list exists only under demo settings"),
        ({"length": None, "import_file": Path("nowhere.csv")}, "nowhere.csv cannot be read"),
    ],
)
def test_the_command_says_why_it_makes_no_list(
    study: Study, keeper: User, settings: Settings, options: dict[str, Any], said: str
) -> None:
    settings.DEMO = False
    person(Role.COORDINATOR, study, username="coordinator")
    wanted = {"study": study.code, "keeper": "keeper", "name": "list 1", "length": 4} | options
    wanted = {name: value for name, value in wanted.items() if value is not None}
    with pytest.raises(CommandError, match=re.escape(said)):
        call_command("generate_randomization", **wanted)
    assert not RandomizationList.objects.exists()


def test_the_command_never_repeats_the_content_of_a_faulty_file(
    study: Study, keeper: User, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_text("number,stratum,arm\n1,,SECRET-ARM\n", encoding="utf-8")
    options = {"study": study.code, "keeper": "keeper", "name": "table 7", "import_file": file}
    with pytest.raises(CommandError) as error:
        call_command("generate_randomization", **options)
    assert "row 1" in str(error.value)
    assert "SECRET-ARM" not in str(error.value)
