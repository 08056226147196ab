"""What would tell who a person is, found in free text, in Chinese and Western forms."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trials.actions.errors import Refused
from trials.actions.given import REASON_LENGTH, needed
from trials.personal_data import kinds_in, personal_data, refusal

pytestmark = pytest.mark.requirement("R57")

IDENTITY, TELEPHONE, EMAIL = ["an identity number"], ["a telephone number"], ["an e-mail address"]
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def resident_number(region: int, born: date, sequence: int) -> str:
    """A well-formed number of the People's Republic by GB 11643-1999, of nobody in particular."""
    digits = f"{region:06}{born:%Y%m%d}{sequence:03}"
    weighed = sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=True))
    return digits + "10X98765432"[weighed % 11]


@pytest.mark.parametrize(
    "text",
    [
        "11010519491231002X",  # the example of GB 11643-1999
        "身份证：11010519491231002x。",
        "１１０１０５１９４９１２３１００２Ｘ",
        "110105 19491231 002X",
        "130503670401001",
        "A123456(3)",
        "A123456789",
        "078-05-1120",
        "AB 12 34 56 C",
    ],
)
def test_an_identity_number_is_found(text: str) -> None:
    assert kinds_in(text) == IDENTITY


@pytest.mark.parametrize(
    "text",
    [
        "13800138000",
        "电话13912345678，",
        "+86 138 0013 8000",
        "0086-13800138000",
        "021-62345678",
        "(021) 62345678",
        "(415) 555-2671",
        "+44 20 7946 0958",
    ],
)
def test_a_telephone_number_is_found(text: str) -> None:
    assert kinds_in(f"asked the wife, {text} she said") == TELEPHONE


@pytest.mark.parametrize(
    "text", ["li.wei@example.org", "write to LI_WEI@mail.example.com.cn today", "ａ.b@c.de"]
)
def test_an_email_address_is_found(text: str) -> None:
    assert kinds_in(text) == EMAIL


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Platelets 138 x 10^9/L on 2021-03-14, after 10 mg",
        "NCT04361331, ZS-001, C1D1, lot 20210314001, kit 12345678901",
        "110105194912310021",  # a wrong check character
        "110105194913310025",  # no day of the calendar
        "ALT 40-120-300, given 08:00-09:30",
        "see page 3@4, p < 0.05",
        "000-12-3456 666-12-3456 900-12-3456",
    ],
)
def test_clinical_words_and_numbers_are_left_alone(text: str) -> None:
    assert personal_data(text) == []


@given(
    st.integers(110000, 659999),
    st.dates(date(1920, 1, 1), date(2020, 12, 31)),
    st.integers(0, 999),
    st.text(alphabet="甲乙丙 ,.;:()\n", max_size=30),
    st.text(alphabet="甲乙丙 ,.;:()\n", max_size=30),
)
def test_every_resident_number_is_found_where_it_stands_and_never_repeated(
    region: int, born: date, sequence: int, before: str, after: str
) -> None:
    number = resident_number(region, born, sequence)
    text = before + number + after
    [found] = [each for each in personal_data(text) if each.kind == IDENTITY[0]]
    assert text[found.start : found.end] == number
    assert number not in refusal(text)


@given(st.text(max_size=300))
def test_any_text_at_all_is_looked_through_without_an_error(text: str) -> None:
    for found in personal_data(text):
        assert 0 <= found.start < found.end <= len(text)


def test_a_reason_that_tells_who_a_person_is_is_refused_by_name_without_repeating_it() -> None:
    with pytest.raises(Refused) as refused:
        needed("told by his wife, 13800138000")
    assert refused.value.errors == {
        "change_reason": ["seems to hold a telephone number; write it without what tells who a person is"]
    }
    assert needed("x" * REASON_LENGTH) == "x" * REASON_LENGTH
