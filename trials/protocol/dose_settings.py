"""Whether the settings about doses say one thing each, and of drugs, days and tests that exist."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from trials.clinical.dose_settings import (
    AFTER_COURSES,
    COMPLIANCE,
    DAYS_OF_COUNTS,
    DOSE_TOLERANCE,
    FOLLOW_UP_TESTS,
    INFUSION_MINUTES,
    MINIMUM_COUNTS,
    FollowUpTest,
    MinimumCount,
    by_drug,
    follow_up_tests,
    infusion_minutes,
    minimum_counts,
    onward,
    percent,
    shares,
    whole,
)
from trials.models import LabTest, Route
from trials.protocol.records import Protocol, Record
from trials.protocol.schema import ARMS, DRUGS, REGIMEN, SETTINGS, TESTS, UNITS, file_of

Lines = Iterator[str]

OF_DRUGS: dict[str, Callable[[Any], Any]] = {
    DOSE_TOLERANCE: percent,
    MINIMUM_COUNTS: minimum_counts,
    AFTER_COURSES: onward,
    COMPLIANCE: shares,
    INFUSION_MINUTES: infusion_minutes,
}
ROUTES = {COMPLIANCE: Route.ORAL, INFUSION_MINUTES: Route.INTRAVENOUS}
"""Settings that make sense for drugs of one route alone."""


def dose_settings_can_be_followed(protocol: Protocol) -> Lines:
    """Each has the shape that the code reads, what it names exists, and no drug lacks a decision it needs."""
    settings = {each["key"]: each for each in protocol.records[SETTINGS.name]}
    read: dict[str, dict[str, Any]] = {}
    for key, reader in OF_DRUGS.items():
        if key in settings:
            try:
                read[key] = by_drug(settings[key]["value"], reader)
            except ValueError as error:
                yield f"{settings[key].where}: value: {error}"
                continue
            yield from _drugs_exist(protocol, settings[key], read[key])
    yield from _every_drug_has_a_tolerance(protocol, settings, read)
    yield from _every_drug_has_an_end(protocol, settings, read)
    if MINIMUM_COUNTS in read:
        yield from _counts_can_be_judged(protocol, settings, read[MINIMUM_COUNTS])
    if FOLLOW_UP_TESTS in settings:
        yield from _follow_up_tests_exist(protocol, settings[FOLLOW_UP_TESTS])


def _drugs_exist(protocol: Protocol, setting: Record, codes: Iterable[str]) -> Lines:
    route = ROUTES.get(setting["key"])
    for code in codes:
        drug = protocol.by_code(DRUGS, code)
        if drug is None:
            yield f"{setting.where}: value: {code}: is not one of the drugs"
        elif route is not None and drug["route"] != route:
            yield f"{setting.where}: value: {code}: is for drugs whose route is {route.value}"


def _every_drug_has_a_tolerance(
    protocol: Protocol, settings: dict[str, Record], read: dict[str, dict[str, Any]]
) -> Lines:
    """That a dose must be exactly the planned one is a decision too: it is written down as 0."""
    drugs = dict.fromkeys(each.links["drug"]["code"] for each in protocol.records[REGIMEN.name])
    yield from _lacking(settings, read, DOSE_TOLERANCE, drugs, "0 where only the planned dose will do")


def _every_drug_has_an_end(
    protocol: Protocol, settings: dict[str, Record], read: dict[str, dict[str, Any]]
) -> Lines:
    """A drug that is given beside drugs of a limited number of courses goes on after them, or stops."""
    for arm in protocol.records[ARMS.name]:
        elements = protocol.linked(REGIMEN, "arm", arm)
        without = [each.links["drug"]["code"] for each in elements if each["maximum_cycles"] is None]
        if len(without) < len(elements):
            why = f"what follows the last course of the others in arm {arm['code']}"
            yield from _lacking(settings, read, AFTER_COURSES, without, why)


def _lacking(
    settings: dict[str, Record],
    read: dict[str, dict[str, Any]],
    key: str,
    drugs: Iterable[str],
    words: str,
) -> Lines:
    if key in settings and key not in read:  # its value is faulty, which was told
        return
    for drug in drugs:
        if drug not in read.get(key, {}):
            where = settings[key].where if key in settings else f"{file_of(SETTINGS)}: settings ({key})"
            yield f"{where}: value: {drug}: is required ({words})"


def _counts_can_be_judged(
    protocol: Protocol, settings: dict[str, Record], counts: dict[str, tuple[MinimumCount, ...]]
) -> Lines:
    where = settings[MINIMUM_COUNTS].where
    try:
        whole(settings[DAYS_OF_COUNTS]["value"] if DAYS_OF_COUNTS in settings else None)
    except ValueError as error:
        yield f"{where}: value: needs the setting {DAYS_OF_COUNTS}, which {error}"
    for drug, minimums in counts.items():
        days = {
            day
            for each in protocol.records[REGIMEN.name]
            if each.links["drug"]["code"] == drug
            for day in each["days"]
        }
        for each in minimums:
            place = f"{where}: value: {drug}: {each.day}"
            if each.day not in days:
                yield f"{place}: is no day on which the drug is given"
            yield from _unit_faults(protocol, each, f"{place}: {each.test}")


def _unit_faults(protocol: Protocol, minimum: MinimumCount, place: str) -> Lines:
    test = protocol.by_code(TESTS, minimum.test)
    if test is None:
        yield f"{place}: is not one of the tests"
        return
    units = [unit["code"] for unit in protocol.linked(UNITS, "test", test)]
    if minimum.unit not in units:
        yield f"{place}: unit: must be one of {', '.join(units)}" if units else f"{place}: has no unit"


def _follow_up_tests_exist(protocol: Protocol, setting: Record) -> Lines:
    try:
        rules = follow_up_tests(setting["value"])
    except ValueError as error:
        yield f"{setting.where}: value: {error}"
        return
    for number, rule in enumerate(rules):
        place = f"{setting.where}: value: {number}"
        for name in ("test", "needs"):
            if protocol.by_code(TESTS, getattr(rule, name)) is None:
                yield f"{place}: {name}: “{getattr(rule, name)}” is not one of the tests"
        yield from _word_faults(protocol, rule, place)


def _word_faults(protocol: Protocol, rule: FollowUpTest, place: str) -> Lines:
    test = protocol.by_code(TESTS, rule.test) if rule.from_word is not None else None
    if test is not None and test["result_kind"] == LabTest.ResultKind.NUMBER:
        yield f"{place}: from_word: results of {rule.test} are numbers"
