"""The table of who reaches what, held to every registered address and to what the addresses answer."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import get_resolver, resolve
from pytest_django import DjangoDbBlocker

from tests.access.asking import (
    INVENTED_KEY,
    REFUSALS,
    Keys,
    Kind,
    Person,
    Reply,
    ask,
    comparable,
    counts,
    expected,
    filled,
    kinds,
    knock,
)
from tests.access.table import METHODS, Line, table
from tests.access.world import AT_A_SITE, IN_A_STUDY, World

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.requirement("R04"),
    pytest.mark.requirement("R21"),
    pytest.mark.requirement("R39"),
]

AT_OWN_PLACE = ["anonymous", *AT_A_SITE, *IN_A_STUDY, "superuser"]
OF_ANOTHER_PLACE = [
    *[f"other_site {name}" for name in AT_A_SITE],
    *[f"other_study {name}" for name in (*AT_A_SITE, *IN_A_STUDY)],
]
PEOPLE = [*AT_OWN_PLACE, *OF_ANOTHER_PLACE]
THOROUGH = {"other_site coordinator"}
"""Who is asked about every kind of form and noun; everybody else about one for each line, by turns."""

ALWAYS = {"anonymous", "coordinator", "data_manager", "administrator", "other_site coordinator"}
"""Who is asked each time, for every kind of reader and stranger one; everybody else with --heavy."""
ASKED = [name if name in ALWAYS else pytest.param(name, marks=pytest.mark.heavy) for name in PEOPLE]

METHODS_ASKED = [
    name if name in ("anonymous", "coordinator") else pytest.param(name, marks=pytest.mark.heavy)
    for name in AT_OWN_PLACE
]

EVERY_METHOD = (*METHODS, "HEAD", "OPTIONS")
LINES = table()


def routes(resolver: Any, prefix: str = "") -> Iterator[str]:
    """Every registered address as it is written in the URL configuration."""
    for pattern in resolver.url_patterns:
        own = str(pattern.pattern)
        route = prefix + (own.removeprefix("^") if prefix else own)
        if hasattr(pattern, "url_patterns"):
            yield from routes(pattern, route)
        else:
            yield route


def prepared(world: World) -> list[tuple[Line, list[Kind]]]:
    return [(line, kinds(line, world)) for line in LINES]


@pytest.fixture(scope="module")
def walk(world: World, django_db_blocker: DjangoDbBlocker) -> list[tuple[Line, list[Kind]]]:
    """Every line with the kinds of forms or nouns that it stands for."""
    with django_db_blocker.unblock():
        return prepared(world)


def turn(number: int, person: Person, choices: list[Any]) -> list[Any]:
    """One of the choices, another for each line and person; all of them for who is asked thoroughly."""
    if person.name in THOROUGH or not choices:
        return choices
    return [choices[(number + PEOPLE.index(person.name)) % len(choices)]]


def test_every_registered_address_stands_in_the_table_and_every_line_is_in_use(
    world: World, walk: list[tuple[Line, list[Kind]]]
) -> None:
    person = Person("coordinator", world, world.people["coordinator"])
    asked = {
        str(line): {resolve(filled(line, Keys(person, kind)).partition("?")[0]).route for kind in found}
        for line, found in walk
    }
    covered = set().union(*asked.values())
    registered = set(routes(get_resolver()))
    assert sorted(registered - covered) == [], "addresses without a line in tests/access/*.csv"
    lost = {line: gone for line, used in asked.items() if (gone := used - registered)}
    assert lost == {}, "lines that no address uses"
    assert [line for line, used in asked.items() if not used] == []


def test_no_line_stands_twice_or_hides_behind_the_address_of_another(
    world: World, walk: list[tuple[Line, list[Kind]]]
) -> None:
    person = Person("coordinator", world, world.people["coordinator"])
    places = [
        (method, filled(line, Keys(person, kind)))
        for line, found in walk
        for kind in found
        for method in line.methods
    ]
    assert [place for place in set(places) if places.count(place) > 1] == []
    unmeant = [
        str(line)
        for line, found in walk
        if "catch_all" in _name(line, person, found[0]) and "nowhere" not in line.path
    ]
    assert unmeant == [], "no address answers but the one that answers everything else with 404"


def _name(line: Line, person: Person, kind: Kind) -> str:
    found = resolve(filled(line, Keys(person, kind)).partition("?")[0])
    return f"{found.func.__name__} {'catch_all' if found.route.endswith(('(?P<url>.*)$', 'api/')) else ''}"


@pytest.mark.parametrize("name", ASKED)
def test_each_address_answers_as_the_table_says(
    name: str, world: World, walk: list[tuple[Line, list[Kind]]]
) -> None:
    person, before = Person(name, world, world.people.get(name)), counts()
    wrong = []
    for number, (line, found) in enumerate(walk):
        for place, kind in enumerate(turn(number, person, found)):
            for method in line.methods if len(line.methods) < 3 else turn(number, person, list(line.methods)):
                reply = ask(person, line, method, kind)
                wrong += [f"{method} {line} {kind.word}: {told}" for told in faults(person, line, reply)]
                if place == 0 and line.cells.get(person.elsewhere) in ("hidden", "unknown"):
                    wrong += unlike_invented(person, line, method, kind, reply)
    assert "; ".join(wrong) == ""
    assert counts() == before


def faults(person: Person, line: Line, reply: Reply) -> Iterator[str]:
    """What is wrong with a reply: its word, what was written though it is refused, what it tells."""
    wanted = expected(person, line)
    if reply.word not in wanted:
        yield f"is {' or '.join(sorted(wanted))} by the table, got {reply.word} ({reply.status})"
    unknown = bool(person.elsewhere) and line.cells[person.elsewhere] == "unknown"
    if (reply.word in REFUSALS or unknown) and reply.wrote:
        yield f"was refused and changed {sorted(set(reply.wrote))}"
    for secret in person.world.secrets.get(person.elsewhere, ()):
        if secret in reply.body and secret not in reply.sent:
            yield f"tells {secret}"


def unlike_invented(person: Person, line: Line, method: str, kind: Kind, reply: Reply) -> list[str]:
    """A foreign record is answered as one that does not exist: same status, same body."""
    other = ask(person, line, method, kind, invented=True)
    if comparable(other, INVENTED_KEY) == comparable(reply, person.world.records["event"].pk):
        return []
    return [f"{method} {line} {kind.word}: {reply.status} for a foreign record, {other.status} for none"]


@pytest.mark.parametrize("name", METHODS_ASKED)
def test_no_address_knows_a_method_that_the_table_does_not(
    name: str, world: World, walk: list[tuple[Line, list[Kind]]]
) -> None:
    person = Person(name, world, world.people.get(name))
    listed: dict[str, dict[str, Line]] = {}
    for line, _found in walk:
        listed.setdefault(_bare(line.path), {}).update(dict.fromkeys(line.methods, line))
    wrong = []
    for number, (line, found) in enumerate(walk):
        known = listed[_bare(line.path)]
        for method in turn(number, person, [each for each in EVERY_METHOD if each not in known]):
            open_already = any("yes" in expected(person, each) for each in known.values())
            if method in ("HEAD", "OPTIONS") and open_already:
                continue  # they tell no more than what is open
            kind = turn(number, person, found)[0]
            path = filled(line, Keys(person, kind))
            reply = knock(person, method, path if method == "HEAD" else _bare(path))
            silent = method == "OPTIONS" and not reply.body  # it names methods, and nothing else
            if (reply.word not in REFUSALS and not silent) or reply.wrote:
                wrong.append(f"{method} {line} {kind.word}: {reply.word} ({reply.status})")
    assert "; ".join(wrong) == ""


def _bare(path: str) -> str:
    return path.partition("?")[0]
