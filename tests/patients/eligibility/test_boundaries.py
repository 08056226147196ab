"""Every limit of the criteria, met and missed by one step, through captured data."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from patients.models import PriorTherapy, Subject
from tests.clinical.reference import rows
from tests.patients.eligibility.conftest import line_of, verdict_of
from tests.screening import MAN_OF_59, UNTREATED_TUMOR, Clinic

ULN = {"ALT": Decimal(50), "CREAT": Decimal(97)}  # of a man of 59 at the laboratory of the site
NOT_FOLLOWED_BY_DRUGS = "N if uncontrolled by drug"


def of_age(clinic: Clinic, value: Decimal) -> Subject:
    return clinic.screened(person={"birth": f"{2020 - int(value)}-05", "age": int(value), "sex": "M"})


def with_result(code: str, unit: str) -> Callable[[Clinic, Decimal], Subject]:
    return lambda clinic, value: clinic.screened(results={code: (str(value), unit)})


def with_multiple(code: str, unit: str) -> Callable[[Clinic, Decimal], Subject]:
    return lambda clinic, value: clinic.screened(results={code: (str(value * ULN[code]), unit)})


def with_clearance(clinic: Clinic, value: Decimal) -> Subject:
    """80 x kg / (72 x 1 mg/dL) at 60 years: 54 kg give 60 mL/min."""
    weight = value * 72 / 80
    person = {"birth": "1960-05", "age": 60, "sex": "M"}
    return clinic.screened(person=person, weight=str(weight), results={"CREAT": ("1", "mg/dL")})


def with_mean(place: int) -> Callable[[Clinic, Decimal], Subject]:
    """Ten readings on each of two occasions, whose mean is the value."""

    def screened(clinic: Clinic, value: Decimal) -> Subject:
        tenths = int(value * 10)
        values = [tenths // 10 + (number < tenths % 10) for number in range(10)]
        normal = (120, 75)
        pairs = [(each, normal[1]) if place == 0 else (normal[0], each) for each in values]
        return clinic.screened(pressures=pairs)

    return screened


def with_ecog(clinic: Clinic, value: Decimal) -> Subject:
    return clinic.screened(ecog=str(value))


def with_pd1(clinic: Clinic, value: Decimal) -> Subject:
    tumor = {**UNTREATED_TUMOR, "missing_reasons": {}, "last_systemic_therapy": "2015-03"}
    subject = clinic.screened(tumor=tumor)
    flags = {"contains_pd1": "Y" if value else "N", "contains_lenvatinib": "N", "contains_gemcitabine": "N"}
    dates = {"started": "2015-01", "ended": "2015-03", "ongoing": "N"}
    clinic.enter(PriorTherapy, subject, {"kind": "SYSTEMIC", "agents": "an antibody", **flags, **dates})
    return subject


CASES: dict[str, tuple[str, Callable[[Clinic, Decimal], Subject]]] = {
    "AGE": ("I2", of_age),
    "NEUT 10^9/L": ("I7.1a", with_result("NEUT", "10*9/L")),
    "ALT x ULN": ("I7.3b", with_multiple("ALT", "U/L")),
    "CREAT x ULN": ("I7.4a", with_multiple("CREAT", "umol/L")),
    "CRCL mL/min": ("I7.4b", with_clearance),
    "PT s": ("E6a", with_result("PT", "s")),
    "SBP mean": ("E5", with_mean(0)),
    "DBP mean": ("E5", with_mean(1)),
    "ECOG": ("I3", with_ecog),
    "HBV DNA copies/mL": ("E7", with_result("HBVDNA", "{copies}/mL")),
    "PD1 ever": ("E3b", with_pd1),
}

# Written from the words of the record: the last value that complies, and the first that does not.
LIMITS = [
    ("I7.1a", "NEUT", "1.49", "10*9/L", "NOT_MET"),
    ("I7.1b", "PLAT", "100", "10*9/L", "MET"),
    ("I7.1b", "PLAT", "99", "10*9/L", "NOT_MET"),
    ("I7.1b", "PLAT", "100", "10*3/uL", "MET"),
    ("I7.1c", "HGB", "90", "g/L", "MET"),
    ("I7.1c", "HGB", "89", "g/L", "NOT_MET"),
    ("I7.1c", "HGB", "9.0", "g/dL", "MET"),
    ("I7.1c", "HGB", "8.9", "g/dL", "NOT_MET"),
    ("I7.1d", "ALB", "30", "g/L", "MET"),
    ("I7.1d", "ALB", "29.9", "g/L", "NOT_MET"),
    ("I7.2a", "TSH", "4.2", "m[IU]/L", "MET"),
    ("I7.2a", "TSH", "4.21", "m[IU]/L", "NOT_MET"),
    ("I7.2b", "T4FR", "12", "pmol/L", "MET"),
    ("I7.2b", "T4FR", "11.9", "pmol/L", "NOT_MET"),
    ("I7.2b", "T3FR", "6.8", "pmol/L", "MET"),
    ("I7.2b", "T3FR", "6.81", "pmol/L", "NOT_MET"),
    ("I7.3a", "BILI", "30.6", "umol/L", "MET"),
    ("I7.3a", "BILI", "30.7", "umol/L", "NOT_MET"),
    ("I7.3c", "AST", "120", "U/L", "MET"),
    ("I7.3c", "AST", "121", "U/L", "NOT_MET"),
    ("I7.4a", "CREAT", "145.6", "umol/L", "NOT_MET"),
    ("E6a", "PT", "14.0", "s", "NOT_MET"),
    ("E7b", "HCVRNA", "1000", "{copies}/mL", "NOT_MET"),
    ("E7b", "HCVRNA", "1001", "{copies}/mL", "MET"),
    ("E10", "HIVAB", "positive", "", "MET"),
]


@pytest.mark.parametrize(
    "row", rows("eligibility_boundaries.csv"), ids=lambda row: f"{row['variable']} {row['value']}"
)
def test_a_value_at_its_limit_is_judged_as_the_record_says(
    clinic: Clinic, decide: Callable[..., None], row: dict[str, str]
) -> None:
    code, enter = CASES[row["variable"]]
    subject, said = enter(clinic, Decimal(row["value"])), row["eligible_on_this_item"]
    if said == NOT_FOLLOWED_BY_DRUGS:
        assert verdict_of(subject, code) == "UNDETERMINED"  # whether drugs control it is not in the data
        decide(e5_reading="MEAN")
    assert line_of(subject, code).in_order is (said == "Y")


@pytest.mark.parametrize(("code", "test", "value", "unit", "verdict"), LIMITS)
def test_a_result_at_its_limit_complies_and_one_beyond_it_does_not(
    clinic: Clinic, code: str, test: str, value: str, unit: str, verdict: str
) -> None:
    assert verdict_of(clinic.screened(results={test: (value, unit)}), code) == verdict


@pytest.mark.parametrize(("age", "birth", "verdict"), [(18, "2002-05", "MET"), (75, "1945-03", "MET")])
def test_the_youngest_and_the_oldest_age_are_included_up_to_the_day_before_the_birthday(
    clinic: Clinic, age: int, birth: str, verdict: str
) -> None:
    """Born in March 1945, a subject of 75 at a consent on 1 March 2021 has the birthday still to come."""
    assert verdict_of(clinic.screened(person={"birth": birth, "age": age, "sex": "M"}), "I2") == verdict


@pytest.mark.parametrize(
    "row", rows("cockcroft_gault_expected.csv"), ids=lambda row: row["note"] or row["age_y"]
)
def test_the_clearance_of_captured_data_is_compared_unrounded(clinic: Clinic, row: dict[str, Any]) -> None:
    age = int(row["age_y"])
    person = {"birth": f"{2020 - age}-05", "age": age, "sex": row["sex"]}
    if row["sex"] == "F":
        person["childbearing_potential"] = "N"
    subject = clinic.screened(
        person=person, weight=row["weight_kg"], results={"CREAT": (row["creatinine"], row["unit"])}
    )
    assert verdict_of(subject, "I7.4b") == ("MET" if row["eligible_ge60"] == "Y" else "NOT_MET")


CHILD_PUGH = {"ascites": {"none": "NONE", "slight": "SLIGHT"}, "encephalopathy": {"none": "0", "1-2": "1"}}


@pytest.mark.parametrize("row", rows("child_pugh_expected.csv"), ids=lambda row: row["expected_points"])
def test_the_child_pugh_class_of_captured_data_is_that_of_the_published_table(
    clinic: Clinic, row: dict[str, str]
) -> None:
    examined = {"examined_on": "2021-03-01"} | {name: codes[row[name]] for name, codes in CHILD_PUGH.items()}
    results = {
        "BILI": (row["bilirubin_mg_dl"], "mg/dL"),
        "ALB": (row["albumin_g_dl"], "g/dL"),
        "INR": (row["inr"], "{INR}"),
    }
    subject = clinic.screened(person=MAN_OF_59, results=results, examined=examined)
    assert verdict_of(subject, "I4") == ("MET" if row["expected_class"] == "A" else "NOT_MET")
