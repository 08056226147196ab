from datetime import date
from decimal import Decimal

import pytest

from trials.clinical.recist.identity import identities
from trials.clinical.recist.lesion import Lesion, Method, Role
from trials.clinical.recist.measurability import Measurability, measurability, target_findings
from trials.clinical.undetermined import Undetermined

BASELINE_ON = date(2021, 3, 1)


def target(label: str = "T1", size: str | None = "20", **options) -> Lesion:
    given = {"organ": "LIVER", "node": False, "method": Method.CT, "slice_thickness_mm": Decimal(5)}
    return Lesion(label, Role.TARGET, diameter_mm=None if size is None else Decimal(size), **given | options)


@pytest.mark.parametrize(
    ("size", "options", "expected"),
    [
        ("10", {}, True),
        ("9.9", {}, False),
        ("10", {"method": Method.MRI}, True),
        ("12", {"slice_thickness_mm": Decimal(6)}, True),
        ("11.9", {"slice_thickness_mm": Decimal(6)}, False),
        ("10", {"slice_thickness_mm": Decimal("5.1")}, False),
        ("20", {"method": Method.X_RAY}, True),
        ("19.9", {"method": Method.X_RAY}, False),
        ("10", {"method": Method.CALIPER}, True),
        ("9.9", {"method": Method.CALIPER}, False),
        ("60", {"method": Method.ULTRASOUND}, False),
        ("60", {"method": Method.EXAMINATION}, False),
        ("15", {"node": True}, True),
        ("14.9", {"node": True}, False),
        ("15", {"node": True, "slice_thickness_mm": None}, True),
        ("30", {"node": True, "method": Method.CALIPER}, False),
        ("9.9", {"slice_thickness_mm": None}, False),
        ("40", {"treated_before": True, "grown_since": False}, False),
        ("40", {"treated_before": True, "grown_since": True}, True),
    ],
)
def test_what_is_measurable_depends_on_method_slice_thickness_and_node(size, options, expected):
    found = measurability(target(size=size, **options))
    assert isinstance(found, Measurability)
    assert found.measurable is expected


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        ({"size": None}, "longest diameter of T1 at baseline"),
        ({"node": None}, "answer whether T1 is a lymph node"),
        ({"method": None}, "method of assessment of T1"),
        ({"slice_thickness_mm": None}, "slice thickness for T1"),
        ({"method": Method.PET_CT}, "statement that the CT of the PET-CT of T1 was diagnostic"),
        ({"treated_before": True}, "answer whether T1, treated before, has grown since"),
    ],
)
def test_what_is_not_recorded_leaves_measurability_open_and_is_named(options, missing):
    assert measurability(target(**options)) == Undetermined((missing,))


def rules_of(lesions: list[Lesion]) -> list[str]:
    return [found.rule for found in target_findings(lesions)]


def test_five_target_lesions_of_which_two_in_an_organ_are_in_order():
    organs = ("LIVER", "LIVER", "LUNG", "LUNG", "PERITONEUM")
    assert rules_of([target(f"T{number}", organ=organ) for number, organ in enumerate(organs)]) == []


def test_a_sixth_target_lesion_is_remarked_on():
    organs = ("LIVER", "LIVER", "LUNG", "LUNG", "PERITONEUM", "BONE")
    found = target_findings([target(f"T{number}", organ=organ) for number, organ in enumerate(organs)])
    assert [each.words for each in found] == ["there are 6 target lesions, 5 at most are followed"]


def test_a_third_target_lesion_in_one_organ_is_remarked_on_with_its_lesions():
    [found] = target_findings([target(label) for label in ("T1", "T2", "T3")])
    assert (found.rule, found.lesions) == ("too_many_targets_in_organ", ("T1", "T2", "T3"))


def test_lymph_nodes_count_as_one_organ_wherever_they_lie():
    nodes = [target(f"T{number}", node=True, organ=organ) for number, organ in enumerate("ABC")]
    assert rules_of(nodes) == ["too_many_targets_in_organ"]


@pytest.mark.parametrize(
    ("lesion", "rule"),
    [
        (target(size="14", node=True), "target_not_measurable"),
        (target(slice_thickness_mm=None), "target_measurability_unknown"),
        (target(organ=None), "organ_missing"),
        (Lesion("NT1", Role.NON_TARGET, node=True, diameter_mm=Decimal("9.9")), "normal_node"),
    ],
)
def test_each_fault_of_the_choice_is_found(lesion, rule):
    assert rules_of([lesion]) == [rule]


@pytest.mark.parametrize("size", ["10", "14.9", "30"])
def test_a_node_from_10_mm_on_may_be_a_non_target_lesion(size):
    assert rules_of([Lesion("NT1", Role.NON_TARGET, node=True, diameter_mm=Decimal(size))]) == []


def test_two_lesions_of_one_label_are_remarked_on():
    assert "doubled_label" in rules_of([target("T1"), target("T1", organ="LUNG")])


def test_new_lesions_and_parts_are_no_part_of_the_choice():
    later = [Lesion("N1", Role.NEW, node=True), Lesion("T1.1", Role.TARGET, split_from="T1")]
    assert rules_of(later) == []


LATE = date(2021, 5, 3)


def sorted_out(*lesions: Lesion, seen=()):
    return identities(lesions, Role.TARGET, baseline_on=BASELINE_ON, seen_at_baseline=seen)


def test_a_target_lesion_first_seen_after_baseline_is_left_out_and_remarked_on():
    found = sorted_out(target("T1", identified_on=BASELINE_ON), target("T2", identified_on=LATE))
    assert [each.label for each in found.chosen] == ["T1"]
    assert [each.rule for each in found.findings] == ["identified_after_baseline"]


def test_a_lesion_measured_at_baseline_was_chosen_whatever_its_date_says():
    assert [each.label for each in sorted_out(target("T1", identified_on=LATE), seen=["T1"]).chosen] == ["T1"]


def test_what_merged_lesions_became_is_followed_though_it_is_late():
    became = target("T9", identified_on=LATE)
    found = sorted_out(target("T1", merged_into="T9"), target("T2", merged_into="T9"), became)
    assert found.arisen == (became,)
    assert found.findings == ()


def test_parts_that_come_from_no_chosen_lesion_are_left_out_and_remarked_on():
    found = sorted_out(
        target("T1.1", split_from="T1"), target("T8", split_from="T9"), target("T9", split_from="T8")
    )
    assert found.chosen == ()
    assert [each.rule for each in found.findings] == ["part_of_no_lesion"] * 3


def test_a_lesion_counts_as_split_and_merged_from_the_scan_that_showed_it():
    part = target("T1.1", split_from="T1", identified_on=LATE)
    merged = target("T2", merged_into="T1", changed_on=LATE)
    found = sorted_out(target("T1"), part, merged)
    before = date(2021, 5, 2)
    assert (found.parts_of("T1", before), found.parts_of("T1", LATE)) == ((), (part,))
    assert (found.has_merged(merged, before), found.has_merged(merged, LATE)) == (False, True)


def test_a_merger_without_a_date_is_not_known_for_any_day():
    merged = target("T2", merged_into="T1")
    assert sorted_out(target("T1"), merged).has_merged(merged, LATE) is None
