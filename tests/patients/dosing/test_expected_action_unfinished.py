"""What an expected action waits for is said in words that lead to the form that has to be finished."""

from typing import Any

import pytest

from patients.models import AdverseEvent, LabSample
from tests.patients.dosing.ward import CHEMISTRY, COUNTS, Ward, day
from tests.screening import LABORATORY
from trials.clinical.dose_modification import Action


def codes(found: Any) -> set[str]:
    return {row.code for row in found}


@pytest.mark.parametrize(
    ("answer", "action", "rows"),
    [("Y", Action.HOLD, {"TOR-38"}), ("N", Action.GIVE, set()), (None, None, set())],
)
def test_an_event_is_immune_related_where_the_site_says_so(
    in_a: Ward, answer: str | None, action: Action | None, rows: set[str]
) -> None:
    in_a.bled(0)
    in_a.infuse("TORIPALIMAB", 0, "240", in_a.cycle(1, 0))
    in_a.event("Rash maculo-papular", "3", 15, causes=("TORIPALIMAB",), immune_related=answer)
    in_a.bled(20)
    found = in_a.expected("TORIPALIMAB", 21)
    assert (found.action, codes(found.rows)) == (action, rows)
    unanswered = "adverse event 1 (Rash maculo-papular) is unfinished: no answer to “Immune-related?”"
    assert found.lacking == ("" if answer else unanswered)


def test_an_event_of_which_only_the_name_is_known_is_said_to_be_unfinished_once(in_a: Ward) -> None:
    in_a.bled(0)
    in_a.infuse("TORIPALIMAB", 0, "240", in_a.cycle(1, 0))
    in_a.enter(AdverseEvent, in_a.subject, {"term": "Cough"})
    in_a.bled(20)
    words = in_a.expected("TORIPALIMAB", 21).words
    assert words.count("adverse event 1 (Cough)") == 1
    assert "adverse event 1 (Cough) is unfinished: no CTCAE term, no grade, no relation to the drug" in words


def test_a_result_without_its_unit_is_named_and_not_called_missing(in_a: Ward) -> None:
    in_a.bled(0, COUNTS | CHEMISTRY)
    visit = in_a.cycle(1, 0)
    rows = [{"test": "ALT", "value": "30"}]
    collected = {"collected_on": day(0).isoformat(), "laboratory": LABORATORY}
    in_a.enter(LabSample, in_a.subject, collected, visit=visit, rows={"results": rows})
    found = in_a.expected("TORIPALIMAB", 0)
    assert found.action is None
    assert found.words == (
        "cannot be determined: the alanine aminotransferase of C1D1 on 2021-03-08 (30) has no unit, the "
        "alanine aminotransferase of 2021-03-08 is 30 U/L and 30, without times that say which came last"
    )
