"""QTcF beside what was read off an electrocardiogram."""

from decimal import Decimal
from typing import Any

from patients.models import Electrocardiogram, Visit
from tests.patients.conftest import correct
from trials.models import User

READ = {"performed_on": "2021-03-01", "interpretation": "NORMAL"}


def test_qtcf_is_computed_from_qt_and_rr(enter: Any, visit: Visit) -> None:
    form = enter(Electrocardiogram, visit=visit, qt_interval=400, rr_interval=800, heart_rate=75, **READ)
    # The cube root of 0.8 s is 0.92832 s.
    assert form.qtcf == Decimal("430.8869")
    assert "RR 800 ms" in form.qtcf_note


def test_without_rr_the_heart_rate_stands_in_for_it(enter: Any, visit: Visit) -> None:
    form = enter(Electrocardiogram, visit=visit, qt_interval=400, heart_rate=60, **READ)
    assert form.qtcf == 400
    assert "60 beats per minute" in form.qtcf_note


def test_without_qt_there_is_no_qtcf_and_the_form_says_why(enter: Any, visit: Visit) -> None:
    form = enter(Electrocardiogram, visit=visit, heart_rate=60, **READ)
    assert (form.qtcf, form.qtcf_note) == (None, "cannot be determined: no QT interval")


def test_rr_and_heart_rate_that_contradict_each_other_give_no_qtcf(enter: Any, visit: Visit) -> None:
    form = enter(Electrocardiogram, visit=visit, qt_interval=400, rr_interval=800, heart_rate=60, **READ)
    assert form.qtcf is None
    assert "agreement between the RR interval and the heart rate" in form.qtcf_note


def test_a_corrected_qt_gives_another_qtcf(enter: Any, visit: Visit, coordinator: User) -> None:
    form = enter(Electrocardiogram, visit=visit, qt_interval=400, heart_rate=60, **READ)
    assert correct(coordinator, form, qt_interval=420).qtcf == 420
