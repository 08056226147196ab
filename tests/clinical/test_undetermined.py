import pytest

from trials.clinical.undetermined import Undetermined


def test_what_cannot_be_determined_says_everything_that_is_missing():
    assert (
        Undetermined(("weight", "creatinine")).sentence() == "cannot be determined: no weight, no creatinine"
    )


def test_undetermined_is_a_value_that_can_be_compared():
    assert Undetermined(("weight",)) == Undetermined(("weight",))
    assert Undetermined(("weight",)) != Undetermined(("height",))


def test_undetermined_without_a_reason_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        Undetermined(())


def test_a_bare_string_is_not_taken_for_a_list_of_names():
    with pytest.raises(TypeError, match="tuple"):
        Undetermined("weight")
