"""An import stores all of its lines or none, in one event for each casebook, and may be repeated."""

from collections.abc import Callable
from typing import Any

import pytest

from patients.actions import import_forms as module
from patients.actions.enroll import enroll
from patients.actions.import_forms import ImportReport, import_forms
from patients.actions.save_form import change_form, mark_entered_in_error
from patients.models import (
    Demographics,
    Disposition,
    DoseAdministration,
    LabResult,
    LabSample,
    MedicalHistory,
    Query,
    Subject,
    SubjectStatus,
    Visit,
    VitalSigns,
)
from tests.factories import (
    CONSENT_DAY,
    coordinator_of,
    make_list,
    make_site,
    opened,
    person,
    randomized_subject,
)
from tests.patients.conftest import events_of_casebook
from trials.actions.errors import ReasonRequired, Refused
from trials.models import AuditEvent, Role, Site, Study, User
from trials.roles import NotPermitted


@pytest.fixture
def three(coordinator: User, site: Site) -> list[Subject]:
    subjects = [enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY) for _ in range(3)]
    for subject in subjects:
        opened(coordinator, subject, "SCR", CONSENT_DAY)
    return subjects


@pytest.fixture
def bring(coordinator: User, study: Study) -> Callable[..., ImportReport]:
    def run(form: Any, *lines: Any, reason: Any = "from the hospital system", **options: Any) -> ImportReport:
        options = {"actor": coordinator} | options
        return import_forms(study=study, form=form, lines=lines, reason=reason, **options)

    return run


def gout(subject: str = "ZS-001", **more: Any) -> dict[str, Any]:
    return {"subject": subject, "term": "Gout"} | more


def panel(subject: str = "ZS-001", *results: tuple[str, str, str], **more: Any) -> dict[str, Any]:
    lines = [dict(zip(("test", "value", "unit"), result, strict=True)) for result in results]
    own = {"subject": subject, "visit": "SCR", "collected_on": "2021-03-01", "laboratory": "ZS-LAB"}
    return own | {"results": lines} | more


def test_lines_of_three_casebooks_leave_three_events_with_the_reason(
    bring: Any, three: list[Subject]
) -> None:
    before = AuditEvent.objects.count()
    lines = [gout(subject.code) for subject in three for _ in range(4)]
    report = bring(MedicalHistory, *lines)
    assert (report.received, report.stored, report.unchanged, report.rejected) == (12, 12, 0, {})
    assert AuditEvent.objects.count() == before + 3
    event = events_of_casebook(three[0])[-1]
    assert (event.action, event.reason, event.rows) == ("import MH", "from the hospital system", 4)
    assert list(MedicalHistory.objects.filter(subject=three[0]).values_list("repeat", flat=True)) == [
        1,
        2,
        3,
        4,
    ]


@pytest.mark.requirement("R19")
def test_an_imported_form_is_derived_flagged_and_checked_as_one_typed(
    bring: Any, three: list[Subject], coordinator: User
) -> None:
    bring(Demographics, {"subject": "ZS-001", "birth": "1961-05", "age": 59, "sex": "M"})
    bring(LabSample, panel("ZS-001", ("ALT", "80", "U/L"), ("HGB", "140", "g/L")))
    assert list(LabResult.objects.order_by("repeat").values_list("flag", flat=True)) == ["HIGH", "NORMAL"]
    assert list(Query.objects.values_list("check_id", flat=True)) == ["EC09"]
    assert events_of_casebook(three[0])[-1].rows == 4  # sample, two results, query


@pytest.mark.requirement("R14")
def test_with_one_line_rejected_nothing_at_all_is_stored(bring: Any, three: list[Subject]) -> None:
    before = AuditEvent.objects.count()
    report = bring(MedicalHistory, gout(), gout(ongoing="PERHAPS"), gout("ZS-999"), gout("ZS-003"))
    assert (report.received, report.stored) == (4, 0)
    assert report.rejected == {
        2: {"ongoing": ["is not a code of this list; allowed: Y, N"]},
        3: {"subject": ["is not a known subject"]},
    }
    assert not MedicalHistory.objects.exists()
    assert AuditEvent.objects.count() == before


@pytest.mark.requirement("R14")
def test_a_trial_run_says_what_would_happen_and_stores_nothing(bring: Any, three: list[Subject]) -> None:
    before = AuditEvent.objects.count()
    report = bring(MedicalHistory, gout(), gout("ZS-002"), dry_run=True)
    assert (report.received, report.stored, report.dry_run) == (2, 2, True)
    assert not MedicalHistory.objects.exists()
    assert AuditEvent.objects.count() == before


@pytest.mark.requirement("R14")
def test_an_import_repeated_changes_nothing_and_leaves_no_event(bring: Any, three: list[Subject]) -> None:
    lines = [gout(subject.code, external_id=f"HIS-{subject.number}") for subject in three]
    bring(MedicalHistory, *lines)
    before = AuditEvent.objects.count()
    report = bring(MedicalHistory, *lines, gout("ZS-001", term="Asthma", external_id="HIS-9"))
    assert (report.stored, report.unchanged, report.rejected) == (1, 3, {})
    assert AuditEvent.objects.count() == before + 1
    assert bring(MedicalHistory, *lines).unchanged == 3
    assert AuditEvent.objects.count() == before + 1


def test_a_panel_with_rows_is_known_again(bring: Any, three: list[Subject]) -> None:
    line = panel("ZS-001", ("ALT", "80", "U/L"), ("HGB", "140", "g/L"), external_id="LIS-1")
    bring(LabSample, line)
    assert bring(LabSample, line).unchanged == 1
    other = panel("ZS-001", ("ALT", "81", "U/L"), ("HGB", "140", "g/L"), external_id="LIS-1")
    assert "other answers" in bring(LabSample, other).rejected[1]["external_id"][0]
    fewer = panel("ZS-001", ("ALT", "80", "U/L"), external_id="LIS-1")
    assert 1 in bring(LabSample, fewer).rejected


def test_a_line_is_known_again_although_what_the_server_derives_has_changed_since(
    bring: Any, coordinator: User, site: Site, study: Study
) -> None:
    make_list(study, "B")
    subject = randomized_subject(coordinator, site)
    opened(coordinator, subject, "C1D1", CONSENT_DAY)
    line = {
        "subject": "ZS-001",
        "visit": "C1D1",
        "drug": "OXALIPLATIN",
        "given": "Y",
        "given_on": "2021-03-08",
    }
    line |= {"dose": "140", "external_id": "HIS-1"}
    bring(DoseAdministration, line)
    signs = VitalSigns.objects.get(subject=subject)
    change_form(actor=coordinator, record=signs, version=1, reason="misread", data={"weight": "80"})
    assert bring(DoseAdministration, line).unchanged == 1


def test_an_external_id_stands_once_in_an_import(bring: Any, three: list[Subject]) -> None:
    report = bring(MedicalHistory, gout(external_id="HIS-1"), gout(external_id="HIS-1"))
    assert report.rejected == {2: {"external_id": ["stands twice in this import"]}}


def test_an_external_id_that_looks_like_a_line_number_is_no_double(bring: Any, three: list[Subject]) -> None:
    assert bring(MedicalHistory, gout(), gout(external_id="line 1")).stored == 2


def test_the_same_external_id_may_stand_in_two_casebooks(bring: Any, three: list[Subject]) -> None:
    assert bring(MedicalHistory, gout(external_id="1"), gout("ZS-002", external_id="1")).stored == 2


def test_a_form_that_was_voided_is_not_taken_for_the_same(
    bring: Any, coordinator: User, three: list[Subject]
) -> None:
    bring(MedicalHistory, gout(external_id="HIS-1"))
    form = MedicalHistory.objects.get()
    mark_entered_in_error(actor=coordinator, record=form, version=1, reason="wrong subject")
    assert list(bring(MedicalHistory, gout(external_id="HIS-1")).rejected[1]) == ["external_id"]


def test_a_form_that_does_not_repeat_is_imported_once(bring: Any, three: list[Subject]) -> None:
    line = {"subject": "ZS-001", "birth": "1961-05", "age": 59, "sex": "M"}
    assert list(bring(Demographics, line, line).rejected) == [2]
    bring(Demographics, line)
    assert list(bring(Demographics, line).rejected) == [1]


def test_imported_forms_take_effect(bring: Any, three: list[Subject]) -> None:
    bring(
        Disposition,
        {"subject": "ZS-001", "scope": "SCREENING", "ended_on": "2021-03-05", "reason": "SCREEN FAILURE"},
    )
    three[0].refresh_from_db()
    assert three[0].status == SubjectStatus.SCREEN_FAILURE


# ---------------------------------------------------------------- what is no line


@pytest.mark.parametrize("line", [None, "text", 5, True, [], ["ZS-001"], 1.5])
def test_a_line_that_is_no_object_is_rejected_at_its_number(
    bring: Any, three: list[Subject], line: Any
) -> None:
    report = bring(MedicalHistory, gout(), line)
    assert list(report.rejected) == [2]
    assert not MedicalHistory.objects.exists()


@pytest.mark.parametrize(
    "subject", [None, "", 1, True, ["ZS-001"], {"code": "ZS-001"}, "zs-001", "\ud800", "x" * 9999]
)
def test_a_subject_that_is_no_known_code_is_rejected(bring: Any, three: list[Subject], subject: Any) -> None:
    assert bring(MedicalHistory, gout(subject)).rejected == {1: {"subject": ["is not a known subject"]}}


@pytest.mark.parametrize("visit", [None, "", "C9D9", 5, ["SCR"], {}, "\ud800"])
def test_a_visit_that_the_subject_does_not_have_is_rejected(
    bring: Any, three: list[Subject], visit: Any
) -> None:
    report = bring(VitalSigns, {"subject": "ZS-001", "visit": visit, "weight": "60"})
    assert list(report.rejected[1]) == ["visit"]


def test_a_form_of_the_casebook_takes_no_visit(bring: Any, three: list[Subject]) -> None:
    assert list(bring(MedicalHistory, gout(visit="SCR")).rejected[1]) == ["visit"]


@pytest.mark.parametrize("rows", ["text", 5, {"0": {}}, [5], ["ALT"], [None], [[]]])
def test_rows_of_a_wrong_kind_are_rejected(bring: Any, three: list[Subject], rows: Any) -> None:
    assert list(bring(LabSample, panel() | {"results": rows}).rejected[1]) == ["results"]


@pytest.mark.parametrize(
    "more",
    [
        {"trem": "x"},
        {"repeat": 3},
        {"id": 1},
        {"version": 1},
        {"entered_in_error": True},
        {"not_done_reason": {"a": 1}},
        {"not_done_reason": "x" * 201},
        {"missing_reasons": ["x"]},
        {"external_id": 5},
        {"term": ["Gout"]},
        {"started": "1e400"},
        {"comment": "\x00"},
    ],
)
def test_what_a_line_cannot_say_is_rejected_by_name(
    bring: Any, three: list[Subject], more: dict[str, Any]
) -> None:
    assert list(bring(MedicalHistory, gout(**more)).rejected[1]) == list(more)


def test_a_result_that_cannot_be_read_rejects_its_line(bring: Any, three: list[Subject]) -> None:
    report = bring(LabSample, panel("ZS-001", ("ALT", "much", "U/L")))
    assert list(report.rejected[1]) == ["results"]


@pytest.mark.parametrize("reason", ["", "  ", None])
def test_an_import_says_where_its_data_come_from(bring: Any, three: list[Subject], reason: Any) -> None:
    with pytest.raises(ReasonRequired):
        bring(MedicalHistory, gout(), reason=reason)


def test_an_import_without_lines_is_no_act(bring: Any, three: list[Subject]) -> None:
    before = AuditEvent.objects.count()
    assert bring(MedicalHistory).received == 0
    assert AuditEvent.objects.count() == before


def test_more_lines_than_an_import_may_have_are_refused_before_they_are_all_read(
    coordinator: User, three: list[Subject], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert module.MAXIMUM_LINES == 20_000
    monkeypatch.setattr(module, "MAXIMUM_LINES", 10)
    read = []

    def endless() -> Any:
        while True:
            read.append(1)
            yield gout()

    with pytest.raises(Refused, match="at most 10 lines"):
        import_forms(
            actor=coordinator,
            study=three[0].study,
            form=MedicalHistory,
            lines=endless(),
            reason="x",
        )
    assert len(read) == 11
    assert not MedicalHistory.objects.exists()


# ---------------------------------------------------------------- who


@pytest.mark.requirement("R22")
def test_a_subject_of_another_site_is_unknown(bring: Any, three: list[Subject], study: Study) -> None:
    other = make_site(study, "PK")
    enroll(actor=coordinator_of(other), site=other, screened_on=CONSENT_DAY)
    assert bring(MedicalHistory, gout("PK-001")).rejected == {1: {"subject": ["is not a known subject"]}}


@pytest.mark.requirement("R22")
def test_a_laboratory_of_another_site_is_unknown(bring: Any, three: list[Subject], study: Study) -> None:
    make_site(study, "PK")
    report = bring(LabSample, panel("ZS-001", laboratory="PK-LAB"))
    assert report.rejected == {1: {"laboratory": ["is not a known code"]}}


def test_a_data_manager_imports_for_every_site_of_the_study(
    bring: Any, three: list[Subject], study: Study
) -> None:
    other = make_site(study, "PK")
    enroll(actor=coordinator_of(other), site=other, screened_on=CONSENT_DAY)
    manager = person(Role.DATA_MANAGER, study)
    assert bring(MedicalHistory, gout(), gout("PK-001"), actor=manager).stored == 2
    assert events_of_casebook(three[0])[-1].role == Role.DATA_MANAGER


@pytest.mark.requirement("R21")
@pytest.mark.parametrize("role", [Role.MONITOR, Role.STATISTICIAN, Role.ADMINISTRATOR])
def test_who_may_not_import_does_not(bring: Any, three: list[Subject], study: Study, role: Role) -> None:
    with pytest.raises(NotPermitted):
        bring(MedicalHistory, gout(), actor=person(role, study))


def test_the_number_of_queries_does_not_follow_the_number_of_lines(
    bring: Any, three: list[Subject], django_assert_max_num_queries: Any
) -> None:
    lines = [panel(subject.code, ("ALT", "40", "U/L"), ("HGB", "140", "g/L")) for subject in three] * 20
    with django_assert_max_num_queries(150):
        assert bring(LabSample, *lines).stored == 60
    assert Visit.objects.count() == 3


def test_lines_after_the_last_rejection_that_is_told_are_not_looked_at(
    bring: Any, three: list[Subject], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAXIMUM_REJECTED", 2)
    lines = [panel("ZS-001", ("ALT", "about 80", "U/L")) for _ in range(4)]
    report = bring(LabSample, *lines, panel("ZS-001", ("ALT", "80", "U/L")))
    assert (report.received, report.stored, list(report.rejected)) == (5, 0, [1, 2])
    assert not LabSample.objects.exists()
