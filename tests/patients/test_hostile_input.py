"""Whatever arrives is kept or refused by name: never an error of the server, never a half-written form."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patients.actions.save_form import change_form, create_form, mark_entered_in_error
from patients.forms import definitions
from patients.models import (
    Demographics,
    InformedConsent,
    LabSample,
    MedicalHistory,
    Subject,
    Visit,
    VitalSigns,
)
from tests.factories import CONSENT_DAY, coordinator_of, make_site, make_study, opened
from tests.patients.conftest import events_of_casebook
from tests.together import together
from trials.actions.errors import Refused, Stale, WrongState
from trials.models import User

NOT_AN_OBJECT = [None, [], "text", 5, True, [{"weight": 60}], 1.5]


@pytest.mark.parametrize("data", NOT_AN_OBJECT)
def test_answers_that_are_no_object_are_refused(coordinator: User, subject: Subject, data: Any) -> None:
    with pytest.raises(Refused, match="must be an object"):
        create_form(actor=coordinator, form=MedicalHistory, subject=subject, data=data)


@pytest.mark.parametrize("rows", [[], "text", 5, True, [{"systolic": 120}], ""])
def test_rows_that_are_no_object_of_lists_are_refused(enter: Any, visit: Visit, rows: Any) -> None:
    with pytest.raises(Refused, match="must be an object of lists"):
        enter(VitalSigns, visit=visit, measured_on="2021-03-01", rows=rows)


@pytest.mark.parametrize("lines", ["text", 5, True, {"systolic": 120}, {"0": {"systolic": 120}}, 1.5])
def test_rows_that_are_no_list_are_refused_by_name(enter: Any, visit: Visit, lines: Any) -> None:
    with pytest.raises(Refused) as refusal:
        enter(VitalSigns, visit=visit, rows={"blood_pressures": lines})
    assert refusal.value.errors == {"blood_pressures": ["must be a list of rows"]}


@pytest.mark.parametrize("line", [None, "text", 5, True, [], ["systolic"]])
def test_a_row_that_is_no_object_is_refused_at_its_place(enter: Any, visit: Visit, line: Any) -> None:
    with pytest.raises(Refused) as refusal:
        enter(VitalSigns, visit=visit, rows={"blood_pressures": [{"systolic": 120, "diastolic": 80}, line]})
    assert refusal.value.errors == {
        "blood_pressures": [{}, {"detail": ["must be an object of fields and their values"]}]
    }


def test_no_rows_at_all_are_no_error(enter: Any, visit: Visit) -> None:
    assert enter(VitalSigns, visit=visit, pulse=72, rows={"blood_pressures": None}).pk


@pytest.mark.parametrize("repeat", ["1", 1.0, True, [1], {}])
def test_the_number_of_a_row_is_a_whole_number(enter: Any, visit: Visit, repeat: Any) -> None:
    with pytest.raises(Refused) as refusal:
        enter(VitalSigns, visit=visit, rows={"blood_pressures": [{"repeat": repeat, "systolic": 120}]})
    assert list(refusal.value.errors["blood_pressures"][0]) == ["repeat"]


@pytest.mark.parametrize("mark", ["true", 1, None, [], "yes"])
def test_entered_in_error_is_true_or_false(enter: Any, visit: Visit, mark: Any) -> None:
    with pytest.raises(Refused) as refusal:
        enter(
            VitalSigns, visit=visit, rows={"blood_pressures": [{"systolic": 120, "entered_in_error": mark}]}
        )
    assert list(refusal.value.errors["blood_pressures"][0]) == ["entered_in_error"]


@pytest.mark.parametrize("value", [["60"], {"value": 60}, [], {}, [[]], {"a": {"b": 1}}])
@pytest.mark.parametrize("name", ["weight", "measured_on", "pulse"])
def test_a_list_or_an_object_is_no_answer(enter: Any, visit: Visit, name: str, value: Any) -> None:
    with pytest.raises(Refused) as refusal:
        enter(VitalSigns, visit=visit, **{name: value})
    assert refusal.value.errors == {name: ["must be a single value"]}


@pytest.mark.parametrize("code", [5, True, 1.5, "", "ZS-LAB\x00", "\ud800", "x" * 10_000, "zs-lab"])
def test_a_code_of_protocol_data_is_known_exactly_or_refused(enter: Any, visit: Visit, code: Any) -> None:
    if code == "":
        sample = enter(LabSample, visit=visit, collected_on="2021-03-01", laboratory=code)
        assert sample.laboratory_id is None
        return
    with pytest.raises(Refused) as refusal:
        enter(LabSample, visit=visit, laboratory=code)
    assert refusal.value.errors == {"laboratory": ["is not a known code"]}


@pytest.mark.parametrize("name", ["\ud800", "a\x00b", "x" * 5000, "", "<script>", "__class__"])
def test_the_name_of_an_unknown_field_is_repeated_only_as_far_as_it_can_be_shown(
    enter: Any, name: str
) -> None:
    with pytest.raises(Refused) as refusal:
        enter(MedicalHistory, **{name: "x"})
    [shown] = refusal.value.errors
    assert shown.isprintable()
    assert 0 < len(shown) <= 60
    shown.encode()


@pytest.mark.parametrize("external_id", [5, False, ["a"], {}, "x" * 101, "a\x00b", "a\nb", "\ud800"])
def test_an_external_id_that_is_none_is_refused_by_name(enter: Any, external_id: Any) -> None:
    with pytest.raises(Refused) as refusal:
        enter(MedicalHistory, term="Gout", external_id=external_id)
    assert list(refusal.value.errors) == ["external_id"]


# ---------------------------------------------------------------- anything that JSON can hold

json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(),
        st.sampled_from(["2021-03-01", "1e400", "\x00", "\ud800", "Y", "9" * 500, "-0", "ALT", "", " "]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=5,
)


@pytest.mark.requirement("R19")
@pytest.mark.parametrize("form", definitions(), ids=lambda form: form.oid)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.data())
def test_a_form_filled_with_anything_is_stored_whole_or_refused_whole(
    form: Any, drawn: Any, coordinator: User, subject: Subject, visit: Visit
) -> None:
    names = [*(item.name for item in form.items), "missing_reasons", "external_id", "unknown"]
    sections = {
        name: [*(item.name for item in section.items), "repeat", "entered_in_error"]
        for name, section in form.rows.items()
    }
    data = drawn.draw(st.dictionaries(st.sampled_from(names), json_values, max_size=4))
    rows = {
        name: drawn.draw(
            st.one_of(
                st.lists(st.dictionaries(st.sampled_from(fields), json_values, max_size=3), max_size=2),
                json_values,
            )
        )
        for name, fields in sections.items()
    }
    before, stored = len(events_of_casebook(subject)), form.model.objects.count()
    try:
        create_form(
            actor=coordinator,
            form=form.model,
            subject=subject,
            data=data,
            rows=rows,
            visit=visit if form.at_visit else None,
            not_done_reason=drawn.draw(st.one_of(st.just(""), json_values)),
        )
    except Refused as refusal:
        named = refusal.errors
    else:
        named = {}
    written = 0 if named else 1
    assert form.model.objects.count() == stored + written
    assert len(events_of_casebook(subject)) == before + written


# ---------------------------------------------------------------- at the same moment


@pytest.fixture
def casebook_of_a_site(transactional_db: None) -> tuple[User, Subject]:
    from patients.actions.enroll import enroll

    site = make_site(make_study())
    actor = coordinator_of(site)
    return actor, enroll(actor=actor, site=site, screened_on=CONSENT_DAY)


def names(outcomes: list[Any]) -> list[str]:
    return sorted(type(each).__name__ for each in outcomes)


@pytest.mark.django_db(transaction=True)
def test_forms_entered_at_once_get_numbers_without_gap(casebook_of_a_site: tuple[User, Subject]) -> None:
    actor, subject = casebook_of_a_site
    visit = opened(actor, subject, "SCR", CONSENT_DAY)
    made = together(
        *[
            lambda: create_form(
                actor=actor, form=VitalSigns, subject=subject, visit=visit, data={"weight": "60"}
            )
            for _ in range(6)
        ]
    )
    assert sorted(form.repeat for form in made) == [1, 2, 3, 4, 5, 6]


@pytest.mark.django_db(transaction=True)
def test_of_two_first_entries_at_once_of_a_form_that_does_not_repeat_one_is_refused(
    casebook_of_a_site: tuple[User, Subject],
) -> None:
    actor, subject = casebook_of_a_site
    data = {"birth": "1961-05", "age": 59, "sex": "M"}
    made = together(
        *[lambda: create_form(actor=actor, form=Demographics, subject=subject, data=data) for _ in range(4)]
    )
    assert names(made) == ["Demographics", "WrongState", "WrongState", "WrongState"]


@pytest.mark.django_db(transaction=True)
def test_of_two_forms_at_once_with_one_external_id_one_is_refused_by_name(
    casebook_of_a_site: tuple[User, Subject],
) -> None:
    actor, subject = casebook_of_a_site
    data = {"term": "Gout", "external_id": "HIS-7"}
    made = together(
        *[lambda: create_form(actor=actor, form=MedicalHistory, subject=subject, data=data) for _ in range(4)]
    )
    assert names(made) == ["MedicalHistory", "WrongState", "WrongState", "WrongState"]
    refusal = next(each for each in made if isinstance(each, WrongState))
    assert list(refusal.errors) == ["external_id"]


@pytest.mark.django_db(transaction=True)
def test_of_corrections_at_once_one_wins_and_the_others_are_told_that_it_did(
    casebook_of_a_site: tuple[User, Subject],
) -> None:
    actor, subject = casebook_of_a_site
    form = create_form(actor=actor, form=MedicalHistory, subject=subject, data={"term": "Gout"})
    made = together(
        *[
            lambda number=number: change_form(
                actor=actor, record=form, version=1, reason="misread", data={"term": f"Gout {number}"}
            )
            for number in range(4)
        ]
    )
    assert names(made) == ["MedicalHistory", "Stale", "Stale", "Stale"]
    assert all(each.current == 2 for each in made if isinstance(each, Stale))
    assert MedicalHistory.history.filter(id=form.pk).count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_correction_and_a_voiding_at_once_never_both_happen_to_one_version(
    casebook_of_a_site: tuple[User, Subject],
) -> None:
    actor, subject = casebook_of_a_site
    data = {"consented": "Y", "signed_on": "2021-03-01", "document_version": "1.0"}
    form = create_form(actor=actor, form=InformedConsent, subject=subject, data=data)
    made = together(
        lambda: change_form(
            actor=actor, record=form, version=1, reason="misread", data={"signed_on": "2021-03-02"}
        ),
        lambda: mark_entered_in_error(actor=actor, record=form, version=1, reason="wrong subject"),
    )
    form.refresh_from_db()
    assert form.version == 2
    refused = [each for each in made if isinstance(each, Refused)]
    assert len(refused) == 1
    assert isinstance(refused[0], Stale | WrongState)
