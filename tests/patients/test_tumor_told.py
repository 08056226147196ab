"""What the rules of RECIST say beside a tumor assessment, and the measurements behind each number."""

from datetime import date

from patients.derivations.tellers import told
from patients.derivations.told import Told
from patients.facts import Facts
from patients.models import TumorAssessment
from tests.patients.clinic import BASELINE_ON, Clinic, after, both, clinic, liver

__all__ = ["clinic", "liver"]


def told_of(liver: Clinic, form: TumorAssessment) -> dict[str, Told]:
    return {each.about: each for each in told(Facts([liver.subject]), form)}


def measured(each: Told) -> list[tuple[str | None, str]]:
    """The day and the value of each measurement that something told rests on."""
    return [(source.day, source.value) for source in each.sources if source.field == "diameter"]


def on(day: date, *sizes: str) -> list[tuple[str, str]]:
    return [(day.isoformat(), size) for size in sizes]


def test_each_sum_rests_on_its_measurements_and_each_change_on_both_ends(liver: Clinic) -> None:
    liver.scan(after(6), both("40", "30"))
    found = told_of(liver, liver.scan(after(12), both("45", "35")))
    now, lowest, start = on(after(12), "45", "35"), on(after(6), "40", "30"), on(BASELINE_ON, "60", "40")
    assert found["Sum of diameters"].answer == "80 mm"
    assert measured(found["Sum of diameters"]) == now
    assert found["Nadir before"].answer == "70 mm"
    assert measured(found["Nadir before"]) == lowest
    assert measured(found["Change from baseline"]) == now + start
    assert measured(found["Change from nadir"]) == now + lowest
    assert measured(found["Target response by the rules"]) == now + start + lowest


def test_where_the_nadir_is_the_baseline_its_measurements_are_named_once(liver: Clinic) -> None:
    found = told_of(liver, liver.scan(after(6), both("62", "40")))
    start = on(BASELINE_ON, "60", "40")
    assert measured(found["Nadir before"]) == start
    assert measured(found["Target response by the rules"]) == on(after(6), "62", "40") + start


def test_the_sum_at_baseline_and_the_response_of_other_lesions_have_their_sources(liver: Clinic) -> None:
    liver.lesion("NT1", "NON-TARGET")
    baseline = TumorAssessment.objects.get(subject=liver.subject)
    assert measured(told_of(liver, baseline)["Sum of diameters at baseline"]) == on(BASELINE_ON, "60", "40")
    scan = liver.scan(after(6), both("60", "40"), {"NT1": "PRESENT"}, markers_normal="N")
    sources = told_of(liver, scan)["Non-target response by the rules"].sources
    assert [(each.row, each.field) for each in sources] == [
        ("non_targets 1", "state"),
        ("", "markers_normal"),
    ]
