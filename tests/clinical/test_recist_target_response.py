from decimal import Decimal

import pytest

from tests.clinical.recist_cases import lesions, measurement
from tests.clinical.reference import rows
from trials.clinical.recist.identity import Identities
from trials.clinical.recist.lesion import Lesion, Measurement, Role, SizeState
from trials.clinical.recist.response import Response
from trials.clinical.recist.sum_of_diameters import sum_of_diameters
from trials.clinical.recist.target_response import Nadir, TargetResponse, target_response


def response_to(baseline: str, nadir_mm: str, current: str) -> TargetResponse:
    targets, at_baseline = lesions(baseline)
    _, now = lesions(current)
    return target_response(
        sum_of_diameters(targets, now),
        baseline_mm=sum_of_diameters(targets, at_baseline).mm,
        nadir=Nadir(Decimal(nadir_mm), "week 6"),
    )


@pytest.mark.parametrize("row", rows("recist11_target_response_boundaries.csv"), ids=lambda row: row["case"])
def test_the_target_response_agrees_with_the_reference_values(row):
    found = response_to(row["baseline_lesions"], row["nadir_sum_mm"], row["current_lesions"])
    assert found.response == row["expected_target_response"]


@pytest.mark.parametrize(
    ("baseline", "nadir", "current", "expected"),
    [
        ("N:100", "100", "N:70.1", "SD"),
        ("N:100", "20", "N:24.9", "PR"),
        ("N:90", "90", "N:108", "PD"),
        ("N:90", "90", "N:107.9", "SD"),
        ("N:20", "20", "N:24.9", "SD"),
        ("N:20", "20", "N:25", "PD"),
        ("N:20;L:18", "38", "N:0;L:9.9", "CR"),
        ("N:20", "20", "N:0", "CR"),
        ("L:18", "18", "L:9", "CR"),
        ("L:18;L:16", "10", "L:9;L:9", "CR"),
        ("N:20", "20", "N:NE", "NE"),
        ("N:20", "0", "N:5", "PD"),
        ("N:20", "0", "N:TS", "PD"),
        ("N:20", "0", "N:4.9", "PR"),
        ("N:5", "0", "N:4.9", "SD"),
    ],
)
def test_the_limits_are_exact_on_both_sides(baseline, nadir, current, expected):
    assert response_to(baseline, nadir, current).response == expected


def test_why_it_is_progression_names_sum_percentage_difference_and_nadir():
    found = response_to("N:100", "50", "N:62")
    assert found.words == "PD: sum 62 mm is 24 % and 12 mm above the nadir of 50 mm (week 6)"
    assert (found.sum_mm, found.from_nadir_mm, found.from_nadir_percent) == (62, 12, 24)
    assert found.from_baseline_percent == -38


def test_a_change_that_misses_a_limit_by_a_hair_is_not_shown_as_the_limit():
    words = response_to("N:10000", "10000", "N:7004").words
    assert words.startswith("SD: sum 7004 mm is 29.96 % below the baseline of 10000 mm")


def test_above_a_nadir_of_zero_no_percentage_is_shown():
    assert response_to("N:20", "0", "N:6").words == "PD: sum 6 mm is 6 mm above the nadir of 0 mm (week 6)"


def test_a_missing_lesion_is_named_and_the_sum_is_left_open():
    found = response_to("N:10;N:12", "22", "N:NE;N:12")
    assert found.words == "NE: T1 was not evaluated"
    assert (found.sum_mm, found.from_baseline_percent, found.missing) == (
        None,
        None,
        ("T1 was not evaluated",),
    )


def test_progression_by_the_evaluated_lesions_alone_names_the_missing_one_too():
    assert response_to("N:10;N:12", "22", "N:NE;N:30").words == (
        "PD: the evaluated lesions alone, sum 30 mm is 36.4 % and 8 mm above the nadir of 22 mm (week 6); "
        "T1 was not evaluated"
    )


def test_without_a_sum_at_baseline_the_response_is_not_evaluable_and_says_so():
    targets, now = lesions("N:20")
    found = target_response(sum_of_diameters(targets, now), baseline_mm=None, nadir=None)
    assert (found.response, found.missing) == (Response.NE, ("sum of diameters at baseline",))


def test_without_target_lesions_there_is_no_target_response():
    found = target_response(sum_of_diameters([], {}), baseline_mm=None, nadir=None)
    assert found.response is Response.NA


@pytest.mark.parametrize(
    ("entered", "expected_mm", "words"),
    [
        (measurement("12.5"), "12.5", "T1 12.5 mm"),
        (Measurement(state=SizeState.TOO_SMALL), "5", "T1 too small to measure: 5 mm"),
        (Measurement(Decimal(5), SizeState.TOO_SMALL), "5", "T1 too small to measure: 5 mm"),
        (Measurement(Decimal(3)), "3", "T1 3 mm"),
        (Measurement(state=SizeState.ABSENT), "0", "T1 is gone: 0 mm"),
        (Measurement(state=SizeState.NOT_EVALUATED), None, "T1 was not evaluated"),
        (Measurement(state=SizeState.MEASURED), None, "T1 was measured, but has no diameter"),
        (Measurement(), None, "T1 has no measurement"),
        (
            Measurement(Decimal(8), SizeState.TOO_SMALL),
            None,
            "T1 contradicts itself: too small to measure, and 8 mm",
        ),
        (Measurement(Decimal(8), SizeState.ABSENT), None, "T1 contradicts itself: absent, and 8 mm"),
    ],
)
def test_what_is_read_of_a_lesion_gives_a_size_or_says_why_not(entered, expected_mm, words):
    [size] = sum_of_diameters([Lesion("T1", Role.TARGET, node=False)], {"T1": entered}).sizes
    assert size.mm == (None if expected_mm is None else Decimal(expected_mm))
    assert size.words == words


def test_the_size_of_a_lesion_too_small_to_measure_is_a_setting():
    targets, now = lesions("N:TS")
    assert sum_of_diameters(targets, now, too_small_mm=Decimal(4)).mm == 4


def test_a_lymph_node_of_0_mm_counts_as_gone_and_is_remarked_on():
    targets, now = lesions("L:0")
    found = sum_of_diameters(targets, now)
    assert found.sizes[0].gone
    assert found.remarks == ("T1: the short axis of a lymph node is measured, not 0 mm",)


def test_a_small_lesion_that_may_be_a_node_is_not_called_gone_or_present():
    found = sum_of_diameters([Lesion("T1", Role.TARGET)], {"T1": Measurement(Decimal(8))})
    assert found.missing == ("T1 is 8 mm, but whether it is a lymph node is not recorded",)


T1, T2 = (Lesion(label, Role.TARGET, node=False) for label in ("T1", "T2"))
PARTS = tuple(Lesion(label, Role.TARGET, node=False, split_from="T1") for label in ("T1.1", "T1.2"))


def sizes(targets, **measurements):
    named = {label.replace("_", "."): measurement(size) for label, size in measurements.items()}
    return sum_of_diameters(targets, named)


def test_the_parts_of_a_split_lesion_are_added():
    found = sizes(Identities((T1, T2), PARTS), T1_1="12", T1_2="9", T2="10")
    assert found.mm == 31
    assert found.sizes[0].words == "T1 has split: T1.1 12 mm, T1.2 9 mm, together 21 mm"


def test_a_part_without_a_measurement_leaves_the_whole_without_one():
    found = sizes(Identities((T1,), PARTS), T1_1="12")
    assert found.missing == ("T1 has split: T1.2 has no measurement",)


def test_a_split_lesion_that_is_measured_as_a_whole_too_is_counted_neither_way():
    found = sizes(Identities((T1,), PARTS), T1="21", T1_1="12", T1_2="9")
    assert found.missing == ("T1 has split, but is measured as a whole beside its parts",)


def test_a_split_lesion_is_gone_when_all_its_parts_are():
    assert sizes(Identities((T1,), PARTS), T1_1="0", T1_2="0").sizes[0].gone
    assert not sizes(Identities((T1,), PARTS), T1_1="0", T1_2="3").sizes[0].gone


def test_a_part_that_splits_again_is_followed_in_its_parts():
    again = tuple(Lesion(label, Role.TARGET, node=False, split_from="T1.2") for label in ("T1.2A", "T1.2B"))
    found = sizes(Identities((T1,), (*PARTS, *again)), T1_1="12", T1_2A="4", T1_2B="6")
    assert found.mm == 22


def test_a_lesion_that_merged_with_itself_by_way_of_another_has_no_size():
    ring = [
        Lesion(label, Role.TARGET, node=False, merged_into=host)
        for label, host in (("T1", "T2"), ("T2", "T1"))
    ]
    found = sizes(Identities(tuple(ring)))
    assert all("is recorded as a part of itself" in words for words in found.missing)
    assert len(found.missing) == 2


def test_lesions_that_merged_are_measured_once():
    into = Lesion("T2", Role.TARGET, node=False, merged_into="T1")
    found = sizes(Identities((T1, into)), T1="45")
    assert found.mm == 45
    assert found.sizes[1].words == "T2 has merged with T1, measured there"


def test_a_lesion_that_others_became_is_counted_once_though_it_was_not_chosen_at_baseline():
    merged = tuple(Lesion(label, Role.TARGET, node=False, merged_into="T9") for label in ("T1", "T2"))
    found = sizes(Identities(merged, (Lesion("T9", Role.TARGET, node=False),)), T9="45")
    assert found.mm == 45


def test_a_merged_lesion_is_gone_with_the_one_it_lies_in_and_missing_with_it():
    into = Lesion("T2", Role.TARGET, node=False, merged_into="T1")
    assert all(size.gone for size in sizes(Identities((T1, into)), T1="0").sizes)
    assert len(sizes(Identities((T1, into)), T1="NE").missing) == 2


@pytest.mark.parametrize("own", ["NE", "0"])
def test_a_merged_lesion_may_be_recorded_as_gone_or_not_evaluated_on_its_own(own):
    into = Lesion("T2", Role.TARGET, node=False, merged_into="T1")
    assert sizes(Identities((T1, into)), T1="45", T2=own).mm == 45


@pytest.mark.parametrize(
    ("lesion", "measurements", "words"),
    [
        (Lesion("T2", Role.TARGET, node=False, merged_into="NT1"), {"T1": "9"}, "which is no target lesion"),
        (
            Lesion("T2", Role.TARGET, node=False, merged_into="T1"),
            {"T1": "9", "T2": "8"},
            "but is measured on its own",
        ),
    ],
)
def test_a_merger_that_does_not_fit_the_measurements_is_said(lesion, measurements, words):
    found = sizes(Identities((T1, lesion)), **measurements)
    assert words in found.missing[0]


@pytest.mark.parametrize("value", [Decimal(-1), Decimal("NaN"), Decimal("Infinity")])
def test_an_impossible_diameter_is_refused_by_name(value):
    with pytest.raises(ValueError, match="diameter_mm"):
        Measurement(value)


def test_a_float_is_refused_because_its_rounding_may_decide():
    with pytest.raises(TypeError, match="diameter_mm"):
        Measurement(9.8)
