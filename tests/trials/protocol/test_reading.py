"""A protocol file is text that somebody wrote: nothing in it can hang, fill or fool the reader."""

from decimal import Decimal
from pathlib import Path

import pytest

from trials.protocol.errors import ProtocolError
from trials.protocol.reading import MAX_BYTES, read_directory, read_file


def refusal(tmp_path: Path, content: str | bytes) -> str:
    file = tmp_path / "study.yaml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ProtocolError) as error:
        read_file(file)
    (line,) = error.value.lines
    return line


def read(tmp_path: Path, content: str) -> dict[str, object]:
    file = tmp_path / "study.yaml"
    file.write_text(content, encoding="utf-8")
    return read_file(file)


def test_numbers_dates_and_words_mean_what_stands_there(tmp_path: Path) -> None:
    content = "a: 2.10\nb: 12\nc: 2020-03-06\nd: no\ne: true\nf: null\ng: 10*9/L\nh: 1e5\n"
    assert read(tmp_path, content) == {
        "a": Decimal("2.10"),
        "b": 12,
        "c": "2020-03-06",
        "d": "no",
        "e": True,
        "f": None,
        "g": "10*9/L",
        "h": "1e5",
    }


def test_broken_yaml_is_refused_with_file_line_and_column(tmp_path: Path) -> None:
    assert refusal(tmp_path, "study:\n  code: [1, 2\n").startswith("study.yaml: line 3, column 1: ")


def test_a_key_given_twice_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, "a: 1\nb: 2\na: 3\n") == "study.yaml: line 3, column 1: the key a is given twice"


def test_a_small_file_cannot_stand_for_a_huge_one(tmp_path: Path) -> None:
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
    assert refusal(tmp_path, bomb) == "study.yaml: line 2, column 8: aliases (*name) are not allowed"


def test_a_merge_key_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, "a:\n  <<: {b: 1}\n") == "study.yaml: line 2, column 3: a key must be text"


def test_a_file_of_more_than_a_mebibyte_is_refused_unread(tmp_path: Path) -> None:
    huge = b"a: " + b"x" * MAX_BYTES
    assert refusal(tmp_path, huge) == f"study.yaml: is larger than {MAX_BYTES} bytes"


def test_deep_nesting_is_refused_before_it_exhausts_the_stack(tmp_path: Path) -> None:
    assert "more than 12 levels deep" in refusal(tmp_path, "a: " + "[" * 5000)


@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:os.system ['true']", "!!python/name:os.system", "!thing x"]
)
def test_a_tag_builds_nothing(tmp_path: Path, tag: str) -> None:
    assert "could not determine a constructor" in refusal(tmp_path, f"a: {tag}\n")


@pytest.mark.parametrize("number", ["010", "0x1F", "1_000", "1:30", "+5"])
def test_a_whole_number_that_could_be_read_in_two_ways_is_refused(tmp_path: Path, number: str) -> None:
    assert "a whole number is written with digits only" in refusal(tmp_path, f"a: {number}\n")


@pytest.mark.parametrize("number", [".inf", ".nan", "1.5e+3", "1_0.5", ".5"])
def test_a_decimal_that_is_not_plain_is_refused(tmp_path: Path, number: str) -> None:
    assert "a decimal is written as 1.5" in refusal(tmp_path, f"a: {number}\n")


def test_a_number_of_thousands_of_digits_is_refused(tmp_path: Path) -> None:
    assert "whole number" in refusal(tmp_path, f"a: {'9' * 5000}\n")


def test_bytes_that_are_not_text_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, b"a: \xff\xfe\n") == "study.yaml: is not UTF-8 text"


@pytest.mark.parametrize("content", ["", "- a\n", "just words\n"])
def test_a_file_without_sections_is_refused(tmp_path: Path, content: str) -> None:
    assert refusal(tmp_path, content) == "study.yaml: must hold named sections"


def test_an_unknown_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "studdy.yaml").write_text("study: {}\n")
    with pytest.raises(ProtocolError, match=r"studdy.yaml: is not a protocol file; known: study.yaml"):
        read_directory(tmp_path, {"study.yaml"})


def test_a_directory_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="nowhere: is no directory of protocol files"):
        read_directory(tmp_path / "nowhere", {"study.yaml"})


def test_a_thousand_faults_are_told_in_a_hundred_lines() -> None:
    error = ProtocolError(f"line {number}" for number in range(1000))
    assert len(error.lines) == ProtocolError.most + 1
    assert error.lines[-1] == "and 900 more"
