import pytest
from hypothesis import given
from hypothesis import strategies as st

from trials.clinical.medication_name import matching_name, require_name


@pytest.mark.parametrize(
    ("medication", "name", "found"),
    [
        ("Nivolumab", "nivolumab", True),
        ("NIVOLUMAB 240 mg i.v.", "nivolumab", True),
        ("Inj. nivolumab, 240 mg", "nivolumab", True),
        ("Ｎｉｖｏｌｕｍａｂ", "nivolumab", True),
        ("nivolumabum", "nivolumab", False),
        ("nivolumabum", "nivolumab*", True),
        ("Pembrolizumab", "*lizumab", True),
        ("St. John's Wort extract", "st. john's wort", True),
        ("St.  John's\u2011wort", "st. john's wort", True),
        ("BCG-vaccine live", "bcg vaccine", True),
        ("华蟾素胶囊", "华蟾素", True),
        ("槐耳颗粒", "华蟾素", False),
        ("methylprednisolone", "prednisolone", False),
        ("5-fluorouracil", "fluorouracil", True),
    ],
)
def test_a_medication_is_found_by_whole_words_in_any_way_of_writing(medication, name, found):
    assert (matching_name(medication, [name]) is not None) is found


def test_the_name_that_was_found_is_told():
    assert matching_name("Sorafenib tablets", ["regorafenib", "sorafenib"]) == "sorafenib"
    assert matching_name("Paracetamol", ["regorafenib", "sorafenib"]) is None


@pytest.mark.parametrize("name", ["", "*", "a", "**", "*a*", "ab*cd", " * "])
def test_a_name_that_could_mean_anything_is_refused(name):
    with pytest.raises(ValueError, match="two letters"):
        require_name(name)


def test_a_text_without_end_is_refused():
    with pytest.raises(ValueError, match="400"):
        matching_name("a" * 401, ["sorafenib"])


def test_a_name_is_text_and_no_pattern():
    assert matching_name("anything at all", [".+"]) is None
    assert matching_name("(a+)+ b", ["(a+)+"]) == "(a+)+"


@given(st.text(max_size=60), st.text("abcdefghij ", max_size=20), st.sampled_from(["sorafenib", "华蟾素"]))
def test_a_name_between_spaces_is_always_found(before, after, name):
    assert matching_name(f"{before} {name} {after}", [name]) == name
