"""What a form offers and shows: lesions of the line's own kind, derived numbers as people read them."""

import re
from datetime import date
from decimal import Decimal

import pytest

from patients.models import Electrocardiogram, TumorLesion
from tests.patients.admin.house import House, house, page_of, shown
from tests.patients.clinic import Clinic

__all__ = ["house"]

pytestmark = pytest.mark.django_db


def choices_of(page: str, rows: str) -> set[str]:
    """The labels of the lesions on offer on a new line of some rows."""
    blank = page.split(f'data-rows="{rows}"')[1].split("data-blank")[1].split("</template>")[0]
    choices = blank.split('data-column="lesion"')[1].split("</select>")[0]
    return set(re.findall(r"\b(?:N?T|N)1\b", choices))


def test_each_line_of_a_tumor_assessment_offers_the_lesions_of_its_own_kind(house: House) -> None:
    visit = house.subject.visits.get(code="SCR")
    clinic = Clinic(house.coordinator, house.subject, visit)
    for label, role in (("T1", "TARGET"), ("NT1", "NON-TARGET"), ("N1", "NEW")):
        clinic.lesion(
            label, role, on=date(2021, 3, 1), **({"certain": "UNEQUIVOCAL"} if role == "NEW" else {})
        )
    assert TumorLesion.objects.count() == 3
    page = shown(house.client.get(house.add("tumorassessment", visit=visit.pk)))
    assert choices_of(page, "measurements") == {"T1"}
    assert choices_of(page, "non_targets") == {"NT1", "N1"}


def test_a_derived_number_is_shown_with_two_decimals_and_stored_with_all(house: House) -> None:
    visit = house.subject.visits.get(code="SCR")
    clinic = Clinic(house.coordinator, house.subject, visit)
    record = clinic.enter(
        Electrocardiogram, visit=visit, performed_on="2021-03-01", qt_interval="400", heart_rate="71"
    )
    record.refresh_from_db()
    assert record.qtcf != record.qtcf.quantize(Decimal("0.01"))
    page = shown(house.client.get(page_of(record)))
    assert f"{record.qtcf.quantize(Decimal('0.01'))} ms" in page
    assert str(record.qtcf) not in page
