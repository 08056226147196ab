"""Over many seeds every arm, every order of a block and every block size is as likely as it should be.

The seeds are counted, not drawn: a test of chance that may fail by chance would tell nothing.
"""

from collections import Counter
from collections.abc import Iterable

import pytest
from scipy.stats import chisquare

from trials.clinical.randomization import WordStream, allocate

ARMS = [("A", 1), ("B", 1)]
SEEDS = [number.to_bytes(16, "big") for number in range(6000)]
ALARM = 0.001
"""Probability below which a deviation is not chance."""


def p_value(found: Iterable[str], shares: dict[str, int]) -> float:
    counts = Counter(found)
    assert counts.keys() <= shares.keys()
    total, whole = counts.total(), sum(shares.values())
    observed = [counts[name] for name in shares]
    return float(chisquare(observed, [total * share / whole for share in shares.values()]).pvalue)


def first_slots(length: int, arms: list[tuple[str, int]], sizes: list[int]) -> Iterable[str]:
    for seed in SEEDS:
        yield "".join(allocate(seed=seed, stratum="", arms=arms, block_sizes=sizes, length=length))


def test_the_six_orders_of_a_block_of_four_are_equally_likely() -> None:
    orders = dict.fromkeys(["AABB", "ABAB", "ABBA", "BAAB", "BABA", "BBAA"], 1)
    assert p_value(first_slots(4, ARMS, [4]), orders) > ALARM


@pytest.mark.parametrize("slot", range(6))
def test_each_slot_is_each_arm_equally_often(slot: int) -> None:
    found = (drawn[slot] for drawn in first_slots(6, ARMS, [4, 6]))
    assert p_value(found, {"A": 1, "B": 1}) > ALARM


def test_unequal_shares_are_kept_in_the_first_slot() -> None:
    found = (drawn[0] for drawn in first_slots(1, [("A", 2), ("B", 1)], [3, 6]))
    assert p_value(found, {"A": 2, "B": 1}) > ALARM


def test_the_numbers_of_a_stream_are_equally_likely() -> None:
    stream = WordStream(seed=bytes(16), stratum="chance")
    found = (str(stream.below(6)) for _ in range(12_000))
    assert p_value(found, {str(number): 1 for number in range(6)}) > ALARM


def test_a_list_that_favors_an_arm_would_be_noticed() -> None:
    assert p_value("A" * 3200 + "B" * 2800, {"A": 1, "B": 1}) < ALARM
