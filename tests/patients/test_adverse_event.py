"""Terms of adverse events: CTCAE in the study's version, MedDRA where it is loaded."""

from pathlib import Path
from typing import Any

import pytest

from patients.actions.import_forms import import_forms
from patients.actions.save_form import mark_entered_in_error
from patients.derivations.adverse_event import PROPOSALS_AT_MOST
from patients.models import AdverseEvent, Subject
from tests.factories import person, save
from tests.patients.conftest import correct, errors_of
from tests.trials.terminology import medascii
from trials.actions.dictionary import load_meddra, load_shipped_ctcae
from trials.actions.errors import Refused
from trials.models import Role, Study, StudySetting, User

EVENT = {"term": "Tired", "grade": "1", "started": "2021-03-10"}


@pytest.fixture
def version(study: Study, subject: Subject) -> StudySetting:
    """The study grades by CTCAE v5.0, whose terms are not loaded."""
    setting = StudySetting(study=study, key="ctcae_version", value="5.0", default="5.0", description="CTCAE")
    return save(study.chain, setting)


@pytest.fixture
def ctcae(version: StudySetting) -> StudySetting:
    """The study grades by CTCAE v5.0; both versions are loaded."""
    load_shipped_ctcae(actor=User.objects.system_user())
    return version


def move_to(version: StudySetting, value: str) -> None:
    version.value = value
    save(version.study.chain, version)


def test_a_term_is_stored_as_ctcae_spells_it_with_its_class_and_version(ctcae: Any, enter: Any) -> None:
    event = enter(AdverseEvent, **EVENT, ctcae_term=" platelet COUNT  decreased")
    assert event.ctcae_term == "Platelet count decreased"
    assert (event.ctcae_soc, event.ctcae_version) == ("Investigations", "5.0")


def test_a_term_that_ctcae_does_not_have_is_refused_with_those_that_are_near(ctcae: Any, enter: Any) -> None:
    with pytest.raises(Refused) as refusal:
        enter(AdverseEvent, **EVENT, ctcae_term="Platelets decreased")
    [message] = errors_of(refusal)["ctcae_term"]
    assert message.startswith("is not a term of CTCAE 5.0; near: ")
    assert "Platelet count decreased" in message
    assert not AdverseEvent.objects.exists()


def test_a_text_that_resembles_nothing_is_refused_without_a_proposal(ctcae: Any, enter: Any) -> None:
    with pytest.raises(Refused) as refusal:
        enter(AdverseEvent, **EVENT, ctcae_term="zzzz")
    assert errors_of(refusal) == {"ctcae_term": ["is not a term of CTCAE 5.0"]}


def test_an_event_without_a_ctcae_term_is_kept_and_incomplete(ctcae: Any, enter: Any) -> None:
    event = enter(AdverseEvent, **EVENT)
    assert (event.ctcae_soc, event.ctcae_version, event.entry_state) == (None, None, "IN_PROGRESS")


def test_where_the_version_is_not_loaded_any_term_is_kept(version: Any, enter: Any) -> None:
    event = enter(AdverseEvent, **EVENT, ctcae_term="Platelets decreased")
    assert (event.ctcae_term, event.ctcae_soc, event.ctcae_version) == ("Platelets decreased", None, "5.0")


def test_a_term_stays_in_its_version_when_the_study_moves_to_another(
    ctcae: StudySetting, enter: Any, coordinator: User
) -> None:
    event = enter(AdverseEvent, **EVENT, ctcae_term="Platelet count decreased")
    move_to(ctcae, "6.0")
    event = correct(coordinator, event, grade="2")
    assert (event.ctcae_term, event.ctcae_version) == ("Platelet count decreased", "5.0")
    with pytest.raises(Refused):
        enter(AdverseEvent, **EVENT, ctcae_term="Platelet count decreased")
    event = correct(coordinator, event, ctcae_term="Thrombocytopenia")
    assert event.ctcae_version == "6.0"


def test_a_term_kept_before_the_dictionary_was_loaded_does_not_hinder_other_corrections(
    version: Any, enter: Any, coordinator: User
) -> None:
    event = enter(AdverseEvent, **EVENT, ctcae_term="Platelets decreased")
    load_shipped_ctcae(actor=User.objects.system_user(), versions=["5.0"])
    event = correct(coordinator, event, grade="2")
    assert event.grade == "2"
    with pytest.raises(Refused):
        correct(coordinator, event, ctcae_term="Platelets low")


def test_an_import_names_the_line_with_an_unknown_term(ctcae: Any, study: Study, subject: Subject) -> None:
    lines = [
        {"subject": subject.code, "ctcae_term": term, "external_id": term, **EVENT}
        for term in ("Fatigue", "Tiredness", "Nausea")
    ]
    manager = person(Role.DATA_MANAGER, study)
    report = import_forms(actor=manager, study=study, form=AdverseEvent, lines=lines, reason="old system")
    assert set(report.rejected) == {2}
    assert "CTCAE 5.0" in report.rejected[2]["ctcae_term"][0]


def test_an_event_is_no_worsening_of_itself(enter: Any, coordinator: User) -> None:
    event = enter(AdverseEvent, **EVENT)
    with pytest.raises(Refused) as refusal:
        correct(coordinator, event, worsened_from=1)
    assert errors_of(refusal) == {"worsened_from": ["is this record itself"]}


def test_events_do_not_worsen_in_a_circle(enter: Any, coordinator: User) -> None:
    first = enter(AdverseEvent, **EVENT)
    enter(AdverseEvent, **EVENT, worsened_from=1)
    enter(AdverseEvent, **EVENT, worsened_from=2)
    with pytest.raises(Refused) as refusal:
        correct(coordinator, first, worsened_from=3)
    assert errors_of(refusal) == {"worsened_from": ["leads back to this record, over no. 3, 2"]}
    first.refresh_from_db()
    assert (first.worsened_from_id, first.version) == (None, 1)


def test_a_chain_ends_at_a_record_entered_in_error(enter: Any, coordinator: User) -> None:
    first = enter(AdverseEvent, **EVENT)
    second = enter(AdverseEvent, **EVENT, worsened_from=1)
    third = enter(AdverseEvent, **EVENT, worsened_from=2)
    mark_entered_in_error(actor=coordinator, record=second, version=1, reason="the same event")
    assert correct(coordinator, first, worsened_from=3).worsened_from == third


def test_an_import_proposes_terms_for_its_first_unknown_texts_and_names_every_line(
    ctcae: Any, study: Study, subject: Subject
) -> None:
    texts = [f"Platelets decreased {number}" for number in range(1, PROPOSALS_AT_MOST + 3)]
    lines = [{"subject": subject.code, "ctcae_term": text, **EVENT} for text in [*texts, texts[0]]]
    manager = person(Role.DATA_MANAGER, study)
    report = import_forms(actor=manager, study=study, form=AdverseEvent, lines=lines, reason="old system")
    proposing = {number for number, each in report.rejected.items() if "near:" in each["ctcae_term"][0]}
    assert set(report.rejected) == set(range(1, len(lines) + 1))
    assert proposing == {*range(1, PROPOSALS_AT_MOST + 1), len(lines)}


@pytest.fixture
def meddra(study: Study, tmp_path: Path) -> None:
    """An invented dictionary, in version 1.0."""
    load_meddra(actor=User.objects.system_user(), version="1.0", directory=medascii(tmp_path / "1.0"))


def test_a_code_of_meddra_brings_its_terms(meddra: None, enter: Any) -> None:
    event = enter(AdverseEvent, **EVENT, meddra_llt_code=92000002)
    assert (event.meddra_llt, event.meddra_version) == ("Elbow aglow", "1.0")
    assert (event.meddra_pt, event.meddra_pt_code) == ("Glow of the elbow", 91000001)
    assert event.meddra_soc == "Disorders of invented organs"


def test_a_code_that_meddra_does_not_have_is_refused(meddra: None, enter: Any) -> None:
    with pytest.raises(Refused) as refusal:
        enter(AdverseEvent, **EVENT, meddra_llt_code=92000099)
    assert errors_of(refusal) == {"meddra_llt_code": ["is not a lowest level term of MedDRA 1.0"]}


def test_without_meddra_a_code_is_kept_and_stands_for_nothing(enter: Any) -> None:
    event = enter(AdverseEvent, **EVENT, meddra_llt_code=92000099)
    assert (event.meddra_llt_code, event.meddra_llt, event.meddra_version) == (92000099, None, None)


def test_a_code_that_is_taken_back_takes_its_terms_along(meddra: None, enter: Any, coordinator: User) -> None:
    event = enter(AdverseEvent, **EVENT, meddra_llt_code=92000002)
    event = correct(coordinator, event, meddra_llt_code=None)
    assert (event.meddra_llt, event.meddra_pt_code, event.meddra_soc) == (None, None, None)


def test_a_code_stays_in_its_version_when_a_newer_one_is_loaded(
    meddra: None, enter: Any, coordinator: User, tmp_path: Path
) -> None:
    event = enter(AdverseEvent, **EVENT, meddra_llt_code=92000002)
    load_meddra(actor=User.objects.system_user(), version="1.1", directory=medascii(tmp_path / "1.1"))
    assert correct(coordinator, event, grade="2").meddra_version == "1.0"
    assert correct(coordinator, event, version=2, meddra_llt_code=92000001).meddra_version == "1.1"
