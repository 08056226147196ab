import hashlib
from collections import Counter
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trials.clinical.randomization import (
    ALGORITHM,
    RandomizationError,
    WordStream,
    allocate,
    published_digest,
    published_text,
)

SEED = bytes(range(16))
TWO_ARMS = (("A", 1), ("B", 1))
LIST = {"seed": SEED, "stratum": "ECOG 0", "arms": TWO_ARMS, "block_sizes": (4, 6), "length": 24}
PUBLISHED = {
    "nonce": bytes(32),
    "seed": bytes(16),
    "block_sizes": (2, 4),
    "arms": TWO_ARMS,
    "slots": (("", 1, "A"), ("", 2, "B")),
}

seeds = st.binary(min_size=16, max_size=40)
strata = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ratios = st.sampled_from([(1, 1), (2, 1), (1, 2), (1, 1, 1), (3, 2, 1)])


# ------------------------------------------------------------ frozen results
# Computed by a second implementation, in another language, written from the module's description alone.


@pytest.mark.parametrize(
    ("seed", "stratum", "arms", "block_sizes", "expected"),
    [
        (SEED, "ECOG 0", TWO_ARMS, (4, 6), "AABBBABABAABABBABBAAABBB"),
        (SEED, "", TWO_ARMS, (4, 6), "BBAAABBABBAABABABAAABBAB"),
        (SEED, "ECOG 1", (("A", 2), ("B", 1)), (3, 6, 9), "ABAABAABAABAAAAABBAABBAA"),
        (SEED, "肝内", (("A", 1), ("B", 1), ("C", 1)), (3, 6), "CBABACCACABBCBACABBACCAC"),
        (b"\xff" * 32, "ECOG 0", TWO_ARMS, (2,), "BAABBAABABAB"),
    ],
)
def test_a_list_drawn_today_is_the_list_drawn_when_the_algorithm_was_frozen(
    seed, stratum, arms, block_sizes, expected
):
    drawn = allocate(seed=seed, stratum=stratum, arms=arms, block_sizes=block_sizes, length=len(expected))
    assert "".join(drawn) == expected


def test_the_name_of_the_algorithm_is_frozen():
    assert ALGORITHM == "permuted-blocks-sha256-v1"


def test_words_are_drawn_from_sha_256_in_counter_mode():
    tag = hashlib.sha256(b"permuted-blocks-sha256-v1\nECOG 0").digest()[:8]
    pieces = b"".join(
        hashlib.sha256(SEED + tag + counter.to_bytes(8, "big")).digest() for counter in range(2)
    )
    expected = [int.from_bytes(pieces[at : at + 4], "big") for at in range(0, 64, 4)]
    stream = WordStream(seed=SEED, stratum="ECOG 0")
    assert [stream.below(2**32) for _ in range(16)] == expected
    assert expected[:3] == [0xC78B0F8C, 0xF7492683, 0x1EB0B070]


def test_a_word_that_would_favor_small_numbers_is_passed_over():
    drawn = [
        528354167,
        3116211625,
        3095516139,
        1337461749,
        2183558658,
        800832841,
        130159406,
        4103009457,
        1890606252,
    ]
    whole, part = (WordStream(seed=SEED, stratum="big") for _ in range(2))
    assert [whole.below(2**32) for _ in drawn] == drawn
    assert [part.below(3 * 2**30) for _ in drawn[1:]] == [word for word in drawn if word < 3 * 2**30]


def test_a_word_equal_to_the_bound_is_passed_over():
    stream = WordStream(seed=SEED, stratum="big")
    stream.below(2**32)
    assert stream.below(3116211625) == 3095516139  # the word in between is 3116211625 itself


def test_the_published_digest_is_frozen():
    assert published_digest(**PUBLISHED) == "39443ca6bdc09d0123514c54e1f61af70409e0eb2e87b271678dae0bc6b529df"


# ------------------------------------------------------------ properties of every list


@given(seeds, strata, ratios, st.sets(st.integers(1, 4), min_size=1), st.integers(1, 120))
def test_every_block_is_balanced_by_ratio(seed, stratum, ratio, multiples, length):
    arms = list(zip("ABC", ratio, strict=False))
    sizes = sorted(multiple * sum(ratio) for multiple in multiples)
    drawn = allocate(seed=seed, stratum=stratum, arms=arms, block_sizes=sizes, length=length)
    assert len(drawn) == length
    assert _splits_into_balanced_blocks(drawn, dict(arms), sizes)


@given(seeds, strata, st.integers(1, 60), st.integers(1, 60))
def test_a_longer_list_begins_with_the_shorter_one(seed, stratum, length, more):
    settings = LIST | {"seed": seed, "stratum": stratum}
    assert allocate(**settings | {"length": length + more})[:length] == allocate(
        **settings | {"length": length}
    )


@given(seeds, strata)
def test_the_same_seed_draws_the_same_list_in_whatever_order_arms_and_sizes_are_listed(seed, stratum):
    settings = LIST | {"seed": seed, "stratum": stratum}
    assert allocate(**settings) == allocate(**settings | {"arms": TWO_ARMS[::-1], "block_sizes": (6, 4)})


@given(seeds, strata, strata)
def test_another_stratum_draws_from_another_stream(seed, one, other):
    first, second = (WordStream(seed=seed, stratum=stratum) for stratum in (one, other))
    words = [[stream.below(2**32) for _ in range(4)] for stream in (first, second)]
    assert (words[0] == words[1]) is (one == other)


def test_another_seed_draws_another_list():
    seeds_one_bit_apart = (bytes(16), bytes(15) + b"\x01")
    first, second = (allocate(**LIST | {"seed": seed, "length": 60}) for seed in seeds_one_bit_apart)
    assert first != second


def test_every_order_of_a_block_and_every_block_size_occur():
    orders = {
        "".join(allocate(**LIST | {"seed": number.to_bytes(16, "big"), "block_sizes": (4,), "length": 4}))
        for number in range(200)
    }
    assert orders == {"AABB", "ABAB", "ABBA", "BAAB", "BABA", "BBAA"}


@given(seeds, st.integers(1, 2**32))
def test_a_drawn_number_lies_below_its_bound(seed, n):
    stream = WordStream(seed=seed, stratum="")
    assert all(0 <= number < n for number in islice(iter(lambda: stream.below(n), None), 5))


# ------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"seed": bytes(15)}, "seed must be"),
        ({"seed": bytes(1025)}, "seed must be"),
        ({"seed": "0123456789abcdef"}, "seed must be"),
        ({"arms": [("A", 1)]}, "at least two"),
        ({"arms": [("A", 1), ("A", 1)]}, "differ"),
        ({"arms": [("A", 1), ("", 1)]}, "not empty"),
        ({"arms": [("A", 1), ("B", 0)]}, "ratio"),
        ({"arms": [("A", 1), ("B", 1.0)]}, "ratio"),
        ({"arms": [("A", 1), ("B", True)]}, "ratio"),
        ({"arms": [("A", 1), ("B" * 201, 1)]}, "at most 200"),
        ({"block_sizes": []}, "at least one size"),
        ({"block_sizes": [4, 4]}, "none twice"),
        ({"block_sizes": [4, 5]}, "multiple of the sum"),
        ({"block_sizes": [0]}, "multiple of the sum"),
        ({"block_sizes": [-2]}, "multiple of the sum"),
        ({"block_sizes": [1002]}, "up to 1000"),
        ({"arms": [("A", 2), ("B", 1)]}, "multiple of the sum"),
        ({"length": 0}, "length"),
        ({"length": 100_001}, "length"),
        ({"stratum": "\ud800"}, "stratum"),
        ({"stratum": "x" * 201}, "stratum"),
    ],
)
def test_settings_that_cannot_give_a_sound_list_are_refused(change, reason):
    with pytest.raises(RandomizationError, match=reason):
        allocate(**LIST | change)


def test_a_refusal_never_repeats_the_seed():
    with pytest.raises(RandomizationError) as refusal:
        allocate(**LIST | {"seed": b"secret-seed"})
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("n", [0, -1, 2**32 + 1])
def test_a_number_below_an_impossible_bound_is_not_drawn(n):
    with pytest.raises(RandomizationError, match="n must be"):
        WordStream(seed=SEED, stratum="").below(n)


# ------------------------------------------------------------ commitment


def test_the_published_digest_can_be_checked_with_any_sha_256_program():
    text = published_text(**PUBLISHED)
    assert text.startswith(f"nonce {'00' * 32}\nalgorithm permuted-blocks-sha256-v1\n")
    assert published_digest(**PUBLISHED) == hashlib.sha256(text.encode("ascii")).hexdigest()


def test_the_published_digest_does_not_depend_on_the_order_of_the_listing():
    turned = {name: PUBLISHED[name][::-1] for name in ("arms", "slots", "block_sizes")}
    assert published_digest(**PUBLISHED | turned) == published_digest(**PUBLISHED)


@pytest.mark.parametrize(
    "change",
    [
        {"nonce": bytes(31) + b"\x01"},
        {"seed": bytes(17)},
        {"block_sizes": (4,)},
        {"arms": (("A", 1), ("C", 1)), "slots": (("", 1, "A"), ("", 2, "C"))},
        {"slots": (("", 1, "B"), ("", 2, "A"))},
        {"slots": (("", 1, "A"), ("", 3, "B"))},
        {"slots": (("", 1, "A"), ("x", 2, "B"))},
        {"slots": (("", 1, "A"),)},
    ],
)
def test_any_change_to_what_was_committed_changes_the_digest(change):
    assert published_digest(**PUBLISHED | change) != published_digest(**PUBLISHED)


def test_a_stratum_cannot_be_named_so_that_it_looks_like_another_slot():
    forged = published_text(**PUBLISHED | {"slots": (('x",1,"A"]\nslot ["', 1, "A"),)})
    assert sum(line.startswith("slot ") for line in forged.splitlines()) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"nonce": bytes(31)}, "nonce must be 32 bytes"),
        ({"nonce": "0" * 32}, "nonce must be 32 bytes"),
        ({"seed": bytes(8)}, "seed must be"),
        ({"slots": ()}, "at least one slot"),
        ({"slots": (("", 1, "A"), ("", 1, "B"))}, "twice"),
        ({"slots": (("", 0, "A"),)}, "slot number"),
        ({"slots": (("", 1, "C"),)}, "one of the arms"),
        ({"block_sizes": (3,)}, "multiple of the sum"),
    ],
)
def test_a_list_that_cannot_be_published_soundly_is_refused(change, reason):
    with pytest.raises(RandomizationError, match=reason):
        published_digest(**PUBLISHED | change)


def _splits_into_balanced_blocks(drawn: list[str], ratio: dict[str, int], sizes: list[int]) -> bool:
    """Whether the list is a sequence of blocks of the sizes, each balanced by ratio, the last perhaps cut."""
    whole = sum(ratio.values())
    starts = {0}
    for start in range(len(drawn)):
        for size in sizes if start in starts else ():
            block, share = (
                Counter(drawn[start : start + size]),
                {a: r * size // whole for a, r in ratio.items()},
            )
            if start + size <= len(drawn) and block == share:
                starts.add(start + size)
            elif start + size > len(drawn) and all(block[arm] <= share[arm] for arm in ratio):
                starts.add(len(drawn))
    return len(drawn) in starts
