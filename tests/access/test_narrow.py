"""What a narrow token leaves of a data manager's rights, and what is open before the training is recorded."""

import csv
from typing import Any

import pytest
from knox.models import get_token_model

from tests.access.asking import REFUSALS, Kind, Person, ask
from tests.access.table import HERE, METHODS, WORDS, Line
from tests.access.world import World
from tests.ecrf.api.client import Client
from tests.factories import assign
from trials.models import Role, Site, User

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R04"), pytest.mark.requirement("R21")]

COLUMNS = ("whole", "own_site", "other_site", "one_form", "read_only", "untrained")


def lines() -> list[Line]:
    with (HERE / "tokens.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    return [
        Line("rest", f"tokens.csv:{number}", row["path"], (row["method"],), row["sends"], _cells(row))
        for number, row in enumerate(rows, 2)
    ]


def _cells(row: dict[str, str]) -> dict[str, str]:
    cells = {column: row[column] for column in COLUMNS}
    assert set(cells.values()) <= WORDS
    assert row["method"] in METHODS
    return cells


def narrowed(world: World, column: str) -> Person:
    """A data manager of the study with a token of this kind, or without a recorded training."""
    dates = {"trained_on": None} if column == "untrained" else {}
    user = assign(User.objects.create_user("narrow"), Role.DATA_MANAGER, world.study, **dates)
    limits: dict[str, dict[str, Any]] = {
        "own_site": {"site": world.site},
        "other_site": {"site": Site.objects.get(study=world.study, code="WX")},
        "one_form": {"forms": ["VS"]},
        "read_only": {"read_only": True},
    }
    asking = Person("data_manager", world, user)
    token, text = get_token_model().objects.create(user=user)
    for name, value in limits.get(column, {}).items():
        setattr(token, name, value)
    token.save()
    asking.rest = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {text}"})
    return asking


@pytest.mark.parametrize("column", COLUMNS)
def test_a_token_and_a_training_leave_what_the_table_says(column: str, world: World) -> None:
    asking, wrong = narrowed(world, column), []
    for line in lines():
        reply = ask(asking, line, line.methods[0], Kind())
        if reply.word != line.cells[column] or (reply.word in REFUSALS and reply.wrote):
            wrong.append(f"{line}: {line.cells[column]} by the table, got {reply.word} ({reply.status})")
        if column == "other_site" and "{" in line.path and "QD-001" in reply.body:
            wrong.append(f"{line}: tells the subject of the other site")
    assert wrong == []
