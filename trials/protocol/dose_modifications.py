"""Whether the rows of a dose-modification table say one thing each, and of things that exist."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby
from typing import Any

from trials.clinical.dose_level import Level, Rhythm, require_descending
from trials.clinical.dose_modification import DERIVED_VALUES, TIMES_ULN, Rule
from trials.clinical.medication_name import require_name
from trials.models.dose_modification import rule_of
from trials.protocol.records import Protocol, Record
from trials.protocol.schema import (
    BANDS,
    DOSE_LEVELS,
    DOSE_MODIFICATIONS,
    DOSE_TABLES,
    EVENT_GROUPS,
    PROHIBITED,
    REGIMEN,
    TESTS,
)

Lines = Iterator[str]


def dose_tables_follow_one_another(protocol: Protocol) -> Lines:
    seen: dict[Any, Record] = {}
    for table in protocol.records[DOSE_TABLES.name]:
        if table["valid_from"] in seen:
            yield f"{table.where}: valid_from: is that of another version"
        seen[table["valid_from"]] = table


def dose_levels_descend(protocol: Protocol) -> Lines:
    """From the starting dose on, counted 1, 2, 3, each below the one before."""
    for table in protocol.records[DOSE_TABLES.name]:
        levels = protocol.linked(DOSE_LEVELS, "table", table)
        for (drug, start), each in _by_start(levels).items():
            if start not in _planned_doses(protocol, each[0].links["drug"]):
                yield f"{each[0].where}: starting_dose: is no planned dose of {drug}"
            numbers = [level["reductions"] for level in each]
            if numbers != list(range(1, len(numbers) + 1)):
                yield f"{each[0].where}: reductions: of {drug} from {start} do not count 1, 2, 3"
                continue
            try:
                first = Rhythm(each[0]["frequency"])
                daily = Rhythm.DAILY if first is Rhythm.EVERY_OTHER_DAY else first
                require_descending([Level(start, daily), *(_level(level) for level in each)])
            except ValueError as error:
                yield f"{each[0].where}: dose: {error}"


def _planned_doses(protocol: Protocol, drug: Record) -> set[Decimal]:
    elements = protocol.linked(REGIMEN, "drug", drug)
    bands = [band["dose_mg"] for each in elements for band in protocol.linked(BANDS, "element", each)]
    return {each["dose"] for each in elements if each["dose"] is not None} | set(bands)


def _by_start(levels: list[Record]) -> dict[tuple[str, Decimal], list[Record]]:
    def start(level: Record) -> tuple[str, Decimal]:
        return level.links["drug"]["code"], level["starting_dose"]

    ordered = sorted(levels, key=lambda level: (*start(level), level["reductions"]))
    return {key: list(group) for key, group in groupby(ordered, key=start)}


def _level(level: Record) -> Level:
    return Level(level["dose"], Rhythm(level["frequency"]))


def dose_modifications_say_one_thing(protocol: Protocol) -> Lines:
    known = {test["code"]: test["unit"] for test in protocol.records[TESTS.name]}
    known |= {each.code: each.unit for each in DERIVED_VALUES.values()}
    for row in protocol.records[DOSE_MODIFICATIONS.name]:
        try:
            rule = _rule(row)
        except ValueError as error:
            yield f"{row.where}: {error}"
            continue
        yield from _test_faults(row, known)
        left_out = row.links.get("other_than")
        if left_out is not None and left_out["asks"]:
            yield f"{row.where}: other_than: a group that asks a question cannot be left out"
        yield from _level_faults(protocol, row, rule)


def _rule(row: Record) -> Rule:
    groups = {"terms": row.links.get("events"), "other_than": row.links.get("other_than")}
    terms = {name: frozenset(_terms(group)) for name, group in groups.items()}
    named = {f"{name}_id": row.links.get(name) is not None for name in ("events", "other_than")}
    events = row.links.get("events")
    asks = events["asks"] if events else ""
    return rule_of({**row.values, **named, "asks": asks}, terms, row["test"])


def _terms(group: Record | None) -> list[str]:
    """The terms of a group; what is none of them is told by a check of its own."""
    terms = group["terms"] if group else []
    return [each for each in terms if isinstance(each, str)] if isinstance(terms, list) else []


def _test_faults(row: Record, known: dict[str, str]) -> Lines:
    if not row["test"]:
        return
    if row["test"] not in known:
        yield f"{row.where}: test: “{row['test']}” is no test of laboratory.yaml and no derived value"
    elif row["unit"] not in ("", TIMES_ULN, known[row["test"]]):
        yield f"{row.where}: unit: must be {known[row['test']]}, the unit of the test, or {TIMES_ULN}"


def _level_faults(protocol: Protocol, row: Record, rule: Rule) -> Lines:
    levels = protocol.linked(DOSE_LEVELS, "table", row.links["table"])
    drugs = {level.links["drug"]["code"] for level in levels}
    if rule.lasting_levels and row.links["drug"]["code"] not in drugs:
        yield f"{row.where}: drug: has no levels by which it could be reduced"


def event_groups_name_terms(protocol: Protocol) -> Lines:
    for group in protocol.records[EVENT_GROUPS.name]:
        terms = group["terms"]
        if not isinstance(terms, list) or not terms or not all(isinstance(each, str) for each in terms):
            yield f"{group.where}: terms: must be a list of CTCAE terms"
        elif len({each.casefold() for each in terms}) < len(terms):
            yield f"{group.where}: terms: a term is given twice"


def prohibited_medications_have_names_and_a_time(protocol: Protocol) -> Lines:
    for each in protocol.records[PROHIBITED.name]:
        if not isinstance(each["names"], list) or not each["names"]:
            yield f"{each.where}: names: must be a list of names"
            continue
        for name in each["names"]:
            try:
                require_name(name if isinstance(name, str) else "")
            except ValueError as error:
                yield f"{each.where}: names: {error}"
        if each["valid_to"] is not None and each["valid_to"] < each["valid_from"]:
            yield f"{each.where}: valid_to: lies before valid_from"
        if not each["during_treatment"] and not each["days_before_first_dose"]:
            yield f"{each.where}: during_treatment: applies neither during treatment nor before it"


DOSE_CHECKS = (
    event_groups_name_terms,
    dose_tables_follow_one_another,
    dose_levels_descend,
    dose_modifications_say_one_thing,
    prohibited_medications_have_names_and_a_time,
)
