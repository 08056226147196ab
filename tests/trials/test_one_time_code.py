"""Codes of authenticator apps, against the vectors of RFC 6238 appendix B (SHA-1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trials.one_time_code import address, as_text, code_at, matching_step, new_secret, step_at

SECRET = b"12345678901234567890"

RFC_6238 = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]


@pytest.mark.parametrize(("seconds", "code"), RFC_6238)
def test_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    assert code_at(SECRET, step_at(seconds), digits=8) == code


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_wrong_by_one_step_either_way(steps: int, taken: bool) -> None:
    now = 1_700_000_000
    code = code_at(SECRET, step_at(now) + steps)
    found = matching_step(SECRET, code, now, after=0)
    assert found == (step_at(now) + steps if taken else None)


def test_a_code_of_a_step_that_was_used_or_lies_before_it_is_not_taken_again() -> None:
    now = 1_700_000_000
    step = step_at(now)
    assert matching_step(SECRET, code_at(SECRET, step), now, after=step) is None
    assert matching_step(SECRET, code_at(SECRET, step - 1), now, after=step) is None
    assert matching_step(SECRET, code_at(SECRET, step + 1), now, after=step) == step + 1


@given(st.text(max_size=12))
def test_what_is_no_code_matches_no_step(typed: str) -> None:
    now = 1_700_000_000
    right = {code_at(SECRET, step_at(now) + drift) for drift in (-1, 0, 1)}
    assert (matching_step(SECRET, typed, now, after=0) is not None) == (typed in right)


def test_each_secret_is_new_and_as_long_as_the_hash() -> None:
    assert len({new_secret() for _ in range(100)}) == 100
    assert len(new_secret()) == 20
    assert len(as_text(new_secret())) == 32


def test_a_name_with_odd_characters_cannot_change_the_address() -> None:
    assert address(SECRET, issuer="a b", account="x?secret=Y&issuer=z").startswith(
        "otpauth://totp/a%20b:x%3Fsecret%3DY"
    )
