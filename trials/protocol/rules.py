"""What must hold between the fields and records of a protocol: a list of readable checks."""

from collections.abc import Callable, Iterator
from itertools import combinations
from zoneinfo import available_timezones

from trials.clinical.dosing import WeightBand, dose_by_weight
from trials.clinical.partial_date import PartialDateError, parse
from trials.clinical.stratification import SETTING as STRATIFICATION
from trials.clinical.stratification import StratificationError, factors_of
from trials.models import Anchor, DoseRule, Frequency, LabTest
from trials.protocol.dose_modifications import DOSE_CHECKS
from trials.protocol.dose_settings import dose_settings_can_be_followed
from trials.protocol.eligibility import criteria_can_be_judged
from trials.protocol.records import Protocol, Record
from trials.protocol.schema import ARMS, BANDS, REGIMEN, RULES, SETTINGS, SITES, UNITS, VISITS

Lines = Iterator[str]
Check = Callable[[Protocol], Lines]

NORMAL_WORDS = ("", "NEGATIVE", "POSITIVE")
UNITS_OF_RULE = {DoseRule.FIXED: "mg", DoseRule.WEIGHT_BAND: "mg", DoseRule.BODY_SURFACE: "mg/m2"}


def study_dates_and_ages_are_in_order(protocol: Protocol) -> Lines:
    study = protocol.study
    if study["completion_date"] and study["completion_date"] < study["start_date"]:
        yield f"{study.where}: completion_date: lies before start_date"
    low, high = study["minimum_age"], study["maximum_age"]
    if low is not None and high is not None and high < low:
        yield f"{study.where}: maximum_age: lies below minimum_age"


def sites_have_a_known_time_zone(protocol: Protocol) -> Lines:
    known = available_timezones()
    for site in protocol.records[SITES.name]:
        if site["time_zone"] not in known:
            yield f"{site.where}: time_zone: is not a zone of the tz database"


def consent_versions_are_dated(protocol: Protocol) -> Lines:
    """The setting `consent_versions`: a list of versions, each with the day from which it is used."""
    for setting in protocol.records[SETTINGS.name]:
        if setting["key"] != "consent_versions":
            continue
        value = setting["value"]
        for number, each in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(each, dict) or set(each) != {"version", "valid_from"}:
                yield f"{setting.where}: value[{number}]: must be a version and the day valid_from"
            elif not isinstance(each["version"], str) or not _is_day(each["valid_from"]):
                yield f"{setting.where}: value[{number}]: version must be text, valid_from a quoted day"


def strata_can_be_made(protocol: Protocol) -> Lines:
    """The setting `randomization_stratification`: factors with levels that exclude each other."""
    for setting in protocol.records[SETTINGS.name]:
        if setting["key"] != STRATIFICATION:
            continue
        try:
            factors_of(setting["value"])
        except StratificationError as error:
            yield from (f"{setting.where}: value: {line}" for line in error.lines)


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and parse(value).is_complete
    except PartialDateError:
        return False


def doses_fit_their_rule(protocol: Protocol) -> Lines:
    for element in protocol.records["regimen"]:
        banded = element["rule"] == DoseRule.WEIGHT_BAND
        if banded and element["dose"] is not None:
            yield f"{element.where}: dose: must be absent where bands give it"
        if not banded and (element["dose"] is None or element["dose"] <= 0):
            yield f"{element.where}: dose: must be above zero"
        if element["unit"] != UNITS_OF_RULE[element["rule"]]:
            yield f"{element.where}: unit: must be {UNITS_OF_RULE[element['rule']]} for this rule"
        yield from _bands(protocol, element, banded)


def _bands(protocol: Protocol, element: Record, banded: bool) -> Lines:
    bands = protocol.linked(BANDS, "element", element)
    if not banded:
        if bands:
            yield f"{element.where}: bands: belong to the rule WEIGHT_BAND only"
        return
    try:
        # No weight: only the bands themselves are judged, that they neither overlap nor leave a gap.
        dose_by_weight(
            [WeightBand(band["from_kg"], band["below_kg"], band["dose_mg"]) for band in bands], None
        )
    except ValueError as error:
        yield f"{element.where}: bands: {error}"


def treatment_days_lie_in_the_cycle(protocol: Protocol) -> Lines:
    for element in protocol.records["regimen"]:
        days, length = element["days"], element["cycle_length_days"]
        if not isinstance(days, list) or not all(type(day) is int and day >= 1 for day in days):
            yield f"{element.where}: days: must be a list of days from 1"
        elif len(set(days)) < len(days):
            yield f"{element.where}: days: a day is given twice"
        elif element["frequency"] == Frequency.ONCE and not days:
            yield f"{element.where}: days: is required for a drug given on single days"
        elif days and length is None:
            yield f"{element.where}: cycle_length_days: is required for a drug given on days of a cycle"
        elif length is not None and any(day > length for day in days):
            yield f"{element.where}: days: a day lies behind the end of the cycle"
        if length == 0:
            yield f"{element.where}: cycle_length_days: must be 1 or more"
        yield from _courses(element)


def _courses(element: Record) -> Lines:
    """Courses are counted by the days of a cycle."""
    low, high = element["minimum_cycles"], element["maximum_cycles"]
    for name, number in (("minimum_cycles", low), ("maximum_cycles", high)):
        if number is not None and not element["days"]:
            yield f"{element.where}: {name}: is for a drug given on days of a cycle"
    if low is not None and high is not None and high < low:
        yield f"{element.where}: maximum_cycles: lies below minimum_cycles"


def arms_have_one_cycle(protocol: Protocol) -> Lines:
    """The drugs of an arm share its cycles, and visits are counted from a cycle only where there is one."""
    without = []
    for arm in protocol.records[ARMS.name]:
        elements = protocol.linked(REGIMEN, "arm", arm)
        lengths = {each["cycle_length_days"] for each in elements} - {None}
        if len(lengths) > 1:
            shown = " and ".join(str(each) for each in sorted(lengths))
            yield f"{arm.where}: its drugs have cycle_length_days of {shown}; an arm has one cycle length"
        if not lengths:
            without.append(arm)
    for visit in protocol.records[VISITS.name]:
        own = visit.links.get("arm")
        for arm in without if visit["anchor"] == Anchor.CYCLE else ():
            if own in (None, arm):
                yield f"{visit.where}: anchor: arm {arm['code']} has no cycles"


def tests_have_a_unit_and_a_known_word(protocol: Protocol) -> Lines:
    for test in protocol.records["tests"]:
        if test["result_kind"] != LabTest.ResultKind.WORD and not test["unit"]:
            yield f"{test.where}: unit: is required"
        if test["normal_word"] not in NORMAL_WORDS:
            yield f"{test.where}: normal_word: must be NEGATIVE, POSITIVE or empty"


def scheduled_panels_exist(protocol: Protocol) -> Lines:
    panels = {test["panel"] for test in protocol.records["tests"]}
    for form in protocol.records["forms"]:
        if form["panel"] and form["panel"] not in panels:
            yield f"{form.where}: panel: no test belongs to “{form['panel']}”"


def recurring_visits_move_on(protocol: Protocol) -> Lines:
    for visit in protocol.records["visits"]:
        if visit["every_days"] == 0:
            yield f"{visit.where}: every_days: must be 1 or more"


def criteria_have_rules(protocol: Protocol) -> Lines:
    for criterion in protocol.records["criteria"]:
        if not protocol.linked(RULES, "criterion", criterion):
            yield f"{criterion.where}: rules: at least one is required"


def arms_have_a_share(protocol: Protocol) -> Lines:
    for arm in protocol.records["arms"]:
        if arm["ratio"] < 1:
            yield f"{arm.where}: ratio: must be 1 or more"


def ranges_make_sense(protocol: Protocol) -> Lines:
    for each in protocol.records["ranges"]:
        low, high = each["low"], each["high"]
        units = {unit["code"] for unit in protocol.linked(UNITS, "test", each.links["test"])}
        if low is None and high is None:
            yield f"{each.where}: low: a range needs a lower or an upper limit"
        if low is not None and high is not None and low >= high:
            yield f"{each.where}: high: must lie above low"
        if each["unit"] not in units:
            yield f"{each.where}: unit: is not a unit of this test"
        if each["age_from"] > each["age_to"]:
            yield f"{each.where}: age_to: lies below age_from"
        if each["valid_to"] is not None and each["valid_to"] < each["valid_from"]:
            yield f"{each.where}: valid_to: lies before valid_from"


def ranges_do_not_overlap(protocol: Protocol) -> Lines:
    """Two ranges that both apply to a person on a day would leave every flag undetermined."""
    groups: dict[tuple[object, ...], list[Record]] = {}
    for each in protocol.records["ranges"]:
        same = (id(each.links["laboratory"]), id(each.links["test"]), each["unit"], each["sex"])
        groups.setdefault(same, []).append(each)
    for group in groups.values():
        for first, second in combinations(group, 2):
            if _meet(first, second):
                yield f"{second.where}: overlaps in age and time with {first.where.rpartition(': ')[2]}"


def _meet(first: Record, second: Record) -> bool:
    same_age = first["age_from"] <= second["age_to"] and second["age_from"] <= first["age_to"]
    first_ends_before = first["valid_to"] is not None and first["valid_to"] < second["valid_from"]
    second_ends_before = second["valid_to"] is not None and second["valid_to"] < first["valid_from"]
    return same_age and not first_ends_before and not second_ends_before


CROSS_CHECKS: tuple[Check, ...] = (
    study_dates_and_ages_are_in_order,
    sites_have_a_known_time_zone,
    consent_versions_are_dated,
    strata_can_be_made,
    arms_have_a_share,
    doses_fit_their_rule,
    treatment_days_lie_in_the_cycle,
    arms_have_one_cycle,
    tests_have_a_unit_and_a_known_word,
    scheduled_panels_exist,
    recurring_visits_move_on,
    criteria_have_rules,
    criteria_can_be_judged,
    ranges_make_sense,
    ranges_do_not_overlap,
    dose_settings_can_be_followed,
    *DOSE_CHECKS,
)

further_checks: list[Check] = []
"""Checks of a floor above: what only it can judge (whether a form that is named exists)."""
