"""What a password is refused for, and what it is never refused for."""

import hashlib
from pathlib import Path

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories import make_site, make_study
from trials.models import User
from trials.passwords import is_breached


def faults(password: str, **person: str) -> list[str]:
    user = User(**({"username": "li.na", "full_name": "Synthetic Person"} | person))
    try:
        validate_password(password, user)
    except ValidationError as error:
        return [str(each.code) for each in error.error_list]
    return []


@pytest.fixture
def study(db: None) -> None:
    make_site(make_study("NCT04361331"), "ZSHOSP")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("elevenchars", "password_too_short"),
        ("password1234", "password_too_common"),
        ("NCT04361331-2026", "password_of_the_study"),
        ("Toripalimab-240!", "password_of_the_study"),
        ("lenvatinib_lenvatinib", "password_of_the_study"),
        ("gemcitabine+oxaliplatin", "password_of_the_study"),
        ("ZsHosp!ZsHosp!ZsHosp", "password_of_the_study"),
        ("ecrf-ecrf-ecrf-ecrf", "password_of_the_study"),
        ("Synthetic2026#", "password_of_the_study"),
    ],
)
@pytest.mark.usefixtures("study")
@pytest.mark.requirement("R41")
def test_a_password_that_others_would_try_is_refused(password: str, code: str) -> None:
    assert code in faults(password)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "twelve chars",
        "aaaabbbbccccdd",
        "名字很长的一句话没有人会猜到它",
        "we gave lenvatinib to nobody on Sunday",
        "demo-zs-ICC-2020",
        "x" * 15 + "y" * 180,
    ],
)
@pytest.mark.usefixtures("study")
def test_neither_kinds_of_characters_nor_a_single_word_of_the_study_nor_length_are_held_against_a_password(
    password: str,
) -> None:
    assert faults(password) == []


def listed(passwords: list[str], end: str = "\r\n") -> bytes:
    hashes = sorted(
        hashlib.sha1(each.encode(), usedforsecurity=False).hexdigest().upper() for each in passwords
    )
    return "".join(f"{each}:{number}{end}" for number, each in enumerate(hashes, 1)).encode()


@pytest.mark.usefixtures("study")
def test_a_password_known_from_a_breach_is_refused_by_the_file_of_the_installation(tmp_path: Path) -> None:
    file = tmp_path / "breached.txt"
    file.write_bytes(listed(["a phrase from a breach", *map(str, range(1000))]))
    assert faults("a phrase from a breach") == []
    with override_settings(BREACHED_PASSWORDS_FILE=str(file)):
        assert faults("a phrase from a breach") == ["password_breached"]
        assert faults("a phrase from no breach") == []


@given(
    st.sets(st.text(min_size=1, max_size=5), max_size=40),
    st.sets(st.text(min_size=1, max_size=5), max_size=10),
    st.sampled_from(["\r\n", "\n"]),
)
@settings(max_examples=60)
def test_bisection_finds_exactly_what_the_file_holds(
    tmp_path_factory: pytest.TempPathFactory, held: set[str], others: set[str], end: str
) -> None:
    file = tmp_path_factory.mktemp("breached") / "list.txt"
    file.write_bytes(listed(sorted(held), end))
    assert all(is_breached(each, file) for each in held)
    assert not any(is_breached(each, file) for each in others - held)


@pytest.mark.usefixtures("study")
def test_a_list_that_cannot_be_read_lets_no_password_pass(tmp_path: Path) -> None:
    with (
        override_settings(BREACHED_PASSWORDS_FILE=str(tmp_path / "missing")),
        pytest.raises(OSError, match="missing"),
    ):
        faults("correct horse battery staple")
