"""Commitments: each opens to one arm only, and those that stay closed tell nothing."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trials.clinical.randomization import RandomizationError
from trials.clinical.slot_commitments import commitments_text, opening, salt_of

NONCE = bytes(range(32))
SLOTS = [("", 1, "A"), ("", 2, "B"), ("", 3, "B")]

# The bytes are frozen: what was published once must be found again for ever.
FROZEN = "05b18517143ebad967b2b333cdfa35af5fa1772cad10ad413006ef3aafbe3e7f"


def test_the_file_of_commitments_is_frozen() -> None:
    text = commitments_text(nonce=NONCE, slots=SLOTS)
    assert hashlib.sha256(text.encode()).hexdigest() == FROZEN


def test_a_commitment_is_found_again_with_any_sha_256_program() -> None:
    lines = commitments_text(nonce=NONCE, slots=SLOTS).splitlines()
    salt = hmac.new(NONCE, b'slot-commitments-sha256-v1\n["",2]', hashlib.sha256).hexdigest()
    assert salt == salt_of(nonce=NONCE, stratum="", number=2)
    assert opening(stratum="", number=2, arm="B", salt=salt) == f'["",2,"B"] {salt}\n'
    opened = hashlib.sha256(f'["",2,"B"] {salt}\n'.encode()).hexdigest()
    assert lines[0] == "algorithm slot-commitments-sha256-v1"
    assert lines[2] == f'commitment ["",2] {opened}'


@given(st.binary(min_size=32, max_size=32), st.lists(st.sampled_from("AB"), min_size=1, max_size=20))
def test_no_two_slots_of_a_list_share_a_commitment_and_no_line_tells_an_arm(
    nonce: bytes, arms: list[str]
) -> None:
    slots = [("S=1", number, arm) for number, arm in enumerate(arms, 1)]
    lines = commitments_text(nonce=nonce, slots=slots).splitlines()[1:]
    assert len({line.split()[-1] for line in lines}) == len(arms)
    turned = [(stratum, number, "B" if arm == "A" else "A") for stratum, number, arm in slots]
    for line, other in zip(lines, commitments_text(nonce=nonce, slots=turned).splitlines()[1:], strict=True):
        assert line.split()[:2] == other.split()[:2]
        assert line.split()[2] != other.split()[2]


@given(st.binary(min_size=32, max_size=32), st.integers(1, 30), st.integers(1, 30))
def test_a_longer_list_begins_with_the_commitments_of_the_shorter_one(
    nonce: bytes, length: int, more: int
) -> None:
    slots = [("", number, "A") for number in range(1, length + more + 1)]
    longer = commitments_text(nonce=nonce, slots=slots)
    assert longer.startswith(commitments_text(nonce=nonce, slots=slots[:length]))


def test_a_nonce_of_another_length_is_refused() -> None:
    with pytest.raises(RandomizationError, match="32 bytes"):
        salt_of(nonce=bytes(16), stratum="", number=1)
