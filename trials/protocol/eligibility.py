"""Whether the criteria of a protocol can be judged from data, before any subject is."""

from collections.abc import Iterator

from trials.clinical.eligibility.options import Names
from trials.clinical.eligibility.vocabulary import rule_faults
from trials.protocol.records import Protocol
from trials.protocol.schema import RULES, SETTINGS, TESTS, UNITS


def criteria_can_be_judged(protocol: Protocol) -> Iterator[str]:
    """Every variable, operator, threshold, unit and option of a rule that data decide must be known."""
    names = Names(
        tests=frozenset(test["code"] for test in protocol.records[TESTS.name]),
        rules=frozenset(rule["code"] for rule in protocol.records[RULES.name]),
        settings={each["key"]: each["value"] for each in protocol.records[SETTINGS.name]},
    )
    units = {
        test["code"]: [unit["code"] for unit in protocol.linked(UNITS, "test", test)]
        for test in protocol.records[TESTS.name]
    }
    for rule in protocol.records[RULES.name]:
        asked = {**rule.values, "kind": rule.links["criterion"]["kind"]}
        for field, reason in rule_faults(asked, names, units):
            yield f"{rule.where}: {field}: {reason}"
