import pytest

from tests.clinical.reference import rows
from trials.clinical.recist.non_target_response import Markers, NonTargetState, non_target_response
from trials.clinical.recist.overall_response import (
    NON_TARGET_RESPONSES,
    TARGET_RESPONSES,
    NewLesion,
    overall_response,
)
from trials.clinical.recist.response import Response

ABSENT, PRESENT = NonTargetState.ABSENT, NonTargetState.PRESENT
PROGRESSION, NOT_EVALUATED = NonTargetState.PROGRESSION, NonTargetState.NOT_EVALUATED


@pytest.mark.parametrize(
    "row",
    rows("recist11_overall_response_table.csv"),
    ids=lambda row: f"{row['target_response']} {row['nontarget_response']} {row['new_lesion']}",
)
def test_the_overall_response_agrees_with_the_published_tables(row):
    found = overall_response(
        target=Response(row["target_response"]),
        non_target=Response(row["nontarget_response"]),
        new_lesion=NewLesion(row["new_lesion"]),
    )
    assert found.response == row["expected_overall"]
    assert found.words.startswith(row["expected_overall"])


@pytest.mark.parametrize("target", TARGET_RESPONSES)
@pytest.mark.parametrize("non_target", NON_TARGET_RESPONSES)
def test_an_equivocal_new_lesion_changes_nothing_but_is_said(target, non_target):
    without = overall_response(target=target, non_target=non_target, new_lesion=NewLesion.NO)
    doubtful = overall_response(target=target, non_target=non_target, new_lesion=NewLesion.EQUIVOCAL)
    assert doubtful.response is without.response
    assert "equivocal" in doubtful.words or doubtful.response is Response.PD


def test_an_unanswered_question_for_new_lesions_leaves_a_response_open():
    found = overall_response(target=Response.PR, non_target=Response.NA, new_lesion=None)
    assert (found.response, found.missing) == (Response.NE, ("answer whether there are new lesions",))


def test_an_unanswered_question_for_new_lesions_does_not_hide_progression():
    found = overall_response(target=Response.PD, non_target=Response.NA, new_lesion=None)
    assert found.response is Response.PD


def test_every_reason_of_progression_is_named():
    found = overall_response(target=Response.PD, non_target=Response.PD, new_lesion=NewLesion.YES)
    assert found.words == (
        "PD: new lesion, progression of the target lesions, unequivocal progression of non-target lesions"
    )


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("target", {"target": Response.NON_CR_NON_PD, "non_target": Response.CR}),
        ("non_target", {"target": Response.CR, "non_target": Response.SD}),
    ],
)
def test_a_response_that_a_part_cannot_have_is_refused_by_name(name, values):
    with pytest.raises(ValueError, match=f"^{name} must be one of"):
        overall_response(**values, new_lesion=NewLesion.NO)


@pytest.mark.parametrize(
    ("states", "expected", "words"),
    [
        ({}, "NA", "no non-target lesions"),
        ({"NT1": ABSENT, "NT2": ABSENT}, "CR", "CR: NT1, NT2 gone"),
        ({"NT1": ABSENT, "NT2": PRESENT}, "NON-CR/NON-PD", "NON-CR/NON-PD: NT2 persisting"),
        ({"NT1": PRESENT, "NT2": PROGRESSION}, "PD", "PD: unequivocal progression of NT2"),
        ({"NT1": NOT_EVALUATED, "NT2": PROGRESSION}, "PD", "PD: unequivocal progression of NT2"),
        ({"NT1": PRESENT, "NT2": NOT_EVALUATED}, "NE", "NE: NT2 was not evaluated"),
        ({"NT1": ABSENT, "NT2": None}, "NE", "NE: NT2 has no state"),
    ],
)
def test_the_non_target_response_follows_the_states(states, expected, words):
    found = non_target_response(states, states)
    assert (found.response, found.words) == (expected, words)


@pytest.mark.parametrize(
    ("markers", "expected"),
    [
        (Markers.NOT_FOLLOWED, "CR"),
        (Markers.NORMAL, "CR"),
        (Markers.ELEVATED, "NON-CR/NON-PD"),
        (Markers.NOT_MEASURED, "NE"),
    ],
)
def test_tumor_markers_that_were_raised_must_be_normal_for_a_complete_response(markers, expected):
    assert non_target_response(["NT1"], {"NT1": ABSENT}, markers).response == expected


def test_markers_alone_never_make_progression_nor_mend_it():
    assert non_target_response(["NT1"], {"NT1": PROGRESSION}, Markers.NORMAL).response is Response.PD
    assert non_target_response([], {}, Markers.ELEVATED).response is Response.NON_CR_NON_PD
