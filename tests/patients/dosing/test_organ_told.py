"""A sample shows at once what its results say about kidney, liver and calcium."""

from patients.derivations.organ_told import told_of_organs
from patients.derivations.told import Told
from patients.models import LabSample
from tests.patients.dosing.ward import CHEMISTRY, Ward


def shown(ward: Ward, sample: LabSample) -> dict[str, Told]:
    return {each.about: each for each in told_of_organs(ward.facts(), sample)}


def test_a_chemistry_panel_tells_clearance_child_pugh_calcium_and_hys_law(in_a: Ward) -> None:
    panel = CHEMISTRY | {"ALB": ("30", "g/L"), "CA": ("2.10", "mmol/L"), "ALP": ("90", "U/L")}
    found = shown(in_a, in_a.bled(21, panel))
    assert {about: each.answer for about, each in found.items()} == {
        "Creatinine clearance": "82.875 mL/min",
        "Corrected calcium": "2.3 mmol/L",
        "Child-Pugh score": "A, 6 points",
        "Hy's law": "not met",
    }
    assert found["Child-Pugh score"].row is not None
    assert {source.form for source in found["Child-Pugh score"].sources} == {"LB", "PE"}


def test_what_cannot_be_determined_says_why(in_a: Ward) -> None:
    found = shown(in_a, in_a.bled(60, {"ALT": ("300", "U/L"), "CA": ("2.10", "mmol/L")}))
    assert (found["Corrected calcium"].answer, found["Hy's law"].answer) == ("", "")
    assert found["Corrected calcium"].reason.endswith("cannot be determined: no albumin")
    assert "no BILI within 30 days" in found["Hy's law"].reason


def test_an_injury_of_the_liver_is_told_beside_each_of_its_samples(in_a: Ward) -> None:
    first = in_a.bled(21, CHEMISTRY | {"ALT": ("300", "U/L"), "ALP": ("90", "U/L")})
    second = in_a.bled(30, {"BILI": ("60", "umol/L")})
    assert shown(in_a, first)["Hy's law"].answer == shown(in_a, second)["Hy's law"].answer == "met"


def test_a_blood_count_says_nothing_about_organs(in_a: Ward) -> None:
    assert shown(in_a, in_a.bled(21, {"NEUT": ("4.1", "10*9/L")})) == {}
