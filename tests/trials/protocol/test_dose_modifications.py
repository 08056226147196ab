"""The dose-modification table and prohibited medication: loaded as data, refused when they say two things."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings

from tests.factories import UserFactory, assign, make_site, person
from tests.reentry import typed
from tests.trials.protocol.paths import REGISTRY, SECOND, copied, edited, faults
from trials.actions.dose_modifications import approve_dose_modifications
from trials.actions.errors import ReasonRequired, Refused, WrongCredentials, WrongState
from trials.clinical.dose_modification import Action, EventTrigger, Limits, Reduction, ResultTrigger
from trials.models import (
    AuditEvent,
    DoseLevel,
    DoseModification,
    DoseModificationTable,
    EventGroup,
    ProhibitedMedication,
    Role,
    Study,
    User,
)
from trials.prohibited_medication import prohibited
from trials.protocol.errors import ProtocolError
from trials.protocol.loading import LoadReport, load_protocol
from trials.roles import NotPermitted

TABLE = "dose_modifications.yaml"
TERMS = Path(settings.BASE_DIR) / "fixtures" / "terminology" / "ctcae_5.0.tsv"


def load(directory: Path, reason: str = "") -> LoadReport:
    return load_protocol(actor=User.objects.system_user(), paths=[directory], reason=reason)


@pytest.fixture
def study(db: None) -> Study:
    return load(REGISTRY).study


@pytest.fixture
def table(study: Study) -> DoseModificationTable:
    return DoseModificationTable.objects.get(study=study)


def row(code: str) -> DoseModification:
    return DoseModification.objects.select_related("events", "other_than").get(code=code)


def test_the_table_is_loaded_as_an_assumption_that_nobody_has_approved(table: DoseModificationTable) -> None:
    assert (table.is_assumption, table.is_approved, table.approved_by) == (True, False, None)
    assert table.rows.count() > 70


def test_lenvatinib_has_the_levels_of_both_weight_bands(study: Study) -> None:
    found = DoseLevel.objects.filter(study=study, drug__code="LENVATINIB").order_by("starting_dose", "id")
    levels = [(int(each.starting_dose), each.reductions, int(each.dose), each.frequency) for each in found]
    assert levels == [
        (8, 1, 4, "QD"),
        (8, 2, 4, "QOD"),
        (12, 1, 8, "QD"),
        (12, 2, 4, "QD"),
        (12, 3, 4, "QOD"),
    ]


def test_toripalimab_is_never_reduced(study: Study) -> None:
    rules = [each.rule() for each in DoseModification.objects.filter(drug__code="TORIPALIMAB")]
    assert {rule.action for rule in rules} == {Action.HOLD, Action.STOP}
    assert not any(rule.lasting_levels for rule in rules)
    assert not DoseLevel.objects.filter(drug__code="TORIPALIMAB").exists()


def test_every_drug_of_the_study_has_rows(study: Study) -> None:
    named = set(DoseModification.objects.filter(study=study).values_list("drug__code", flat=True))
    assert named == set(study.drugs.values_list("code", flat=True))


def test_a_row_about_a_result_reads_its_limits_from_the_settings_it_names(study: Study) -> None:
    rule = row("GEM-03").rule("neutrophils")
    assert rule.trigger == ResultTrigger(
        test="NEUT",
        name="neutrophils",
        within_days=3,
        limits=Limits(at_least=Decimal("0.5"), below=Decimal("1.0")),
        unit="10*9/L",
    )
    assert (rule.action, rule.reduction, rule.cycle_day) == (
        Action.REDUCE,
        Reduction(percent=Decimal(75)),
        8,
    )


def test_a_row_about_a_grade_a_baseline_and_an_event_is_read_as_it_stands(study: Study) -> None:
    graded = row("TOR-36").rule().trigger
    assert (graded.term, str(graded.limits)) == ("Platelet count decreased", ">= 3 and <= 3")
    hepatitis = row("TOR-14").rule()
    assert (str(hepatitis.trigger.baseline), hepatitis.liver_tumor) == ("> 1 and <= 3", True)
    recurrent = row("TOR-05").rule().trigger
    assert isinstance(recurrent, EventTrigger)
    assert (recurrent.occurrence, recurrent.terms) == (2, {"Colitis", "Enterocolitis"})
    asked = {code: row(code).rule().trigger.asks for code in ("TOR-38", "TOR-39", "TOR-40", "TOR-32")}
    assert asked == dict.fromkeys(("TOR-38", "TOR-39", "TOR-40"), "immune_related") | {"TOR-32": ""}
    assert row("LEN-18").rule().trigger.other_than >= {"Hypertension", "Hypothyroidism"}


def test_every_event_and_grade_is_a_term_of_ctcae(study: Study) -> None:
    lines = TERMS.read_text(encoding="utf-8").splitlines()
    known = {line.rpartition("\t")[2].casefold() for line in lines if line.startswith("\t")}
    assert len(known) > 500
    groups = EventGroup.objects.filter(study=study).values_list("terms", flat=True)
    named = {term for terms in groups for term in terms}
    named |= set(DoseModification.objects.exclude(term="").values_list("term", flat=True))
    assert [term for term in sorted(named) if term.casefold() not in known] == []


def test_the_number_of_courses_follows_its_settings(study: Study) -> None:
    elements = study.regimenelements.filter(drug__code__in=["OXALIPLATIN", "GEMCITABINE"])
    assert {(each.minimum_cycles, each.maximum_cycles) for each in elements} == {(6, 8)}
    others = study.regimenelements.exclude(drug__code__in=["OXALIPLATIN", "GEMCITABINE"])
    assert {(each.minimum_cycles, each.maximum_cycles) for each in others} == {(None, None)}


def test_a_study_may_have_no_table_and_forbid_nothing(db: None) -> None:
    study = load(SECOND).study
    assert not study.dosemodificationtables.exists()
    assert prohibited("Nivolumab", date(2021, 3, 1), study) == []


CLEARANCE = "below: 30, within_days: 7"
TO_65 = "action: REDUCE, reduce_to_dose: 65"
LEVEL = "starting_dose: 85, reductions: 1"

# text that is replaced, its replacement, a part of the line that is said
FAULTS = [
    ("test: CREATCLR", "test: CLEARANCE", "test: “CLEARANCE” is no test of laboratory.yaml"),
    ("unit: mL/min", "unit: mL/s", "unit: must be mL/min, the unit of the test, or xULN"),
    (CLEARANCE, "within_days: 7", "a lower or an upper limit is required"),
    (CLEARANCE, f"{CLEARANCE}, at_most: 30", "below and at_most exclude each other"),
    (CLEARANCE, "below: 30", "within_days is required for a result"),
    (CLEARANCE, f"{CLEARANCE}, lasting_days: 7", "about a result or about an event, not both"),
    (CLEARANCE, f"{CLEARANCE}, term: Anemia", "by its number or by its grade, not both"),
    (TO_65, "action: REDUCE", "a reduction belongs to the action REDUCE, and to no other"),
    (TO_65, "action: HOLD, reduce_to_dose: 65", "belongs to the action REDUCE"),
    (TO_65, f"{TO_65}, reduce_levels: 1", "by levels, to a percentage or to an amount"),
    (TO_65, "action: GIVE", "action: must be one of REDUCE, OMIT, HOLD, STOP"),
    ("code: GEM-07,", "code: GEM-07, resume_levels: 1,", "drug: has no levels by which it could"),
    ("events: HEMOLYTIC-UREMIC,", "events: HUS,", "events: “HUS” is not one of the event_groups"),
    ("code: OXA-12,", "code: OXA-11,", "code: is given twice"),
    (LEVEL, "starting_dose: 80, reductions: 1", "is no planned dose of OXALIPLATIN"),
    (LEVEL, "starting_dose: 85, reductions: 2", "do not count 1, 2, 3"),
    ("reductions: 1, dose: 65", "reductions: 1, dose: 85", "dose: level 1 is not below level 0"),
    ("terms: [Stevens-Johnson syndrome, ", "terms: [toxic epidermal necrolysis, ", "a term is given twice"),
    ("terms: [Pneumonitis]", "terms: Pneumonitis", "terms: must be a list of CTCAE terms"),
    ("asks: immune_related\n", "asks: immunity\n", "asks: must be one of immune_related"),
    ("other_than: NO-OTHER-G4", "other_than: IMMUNE", "a group that asks a question cannot be left out"),
    ('code: "1"\n', 'code: "1"\n    approved_on: 2020-03-06\n', "approved_on: is not known"),
]


@pytest.mark.parametrize(("old", "new", "said"), FAULTS, ids=[each[2] for each in FAULTS])
def test_a_table_that_says_nothing_or_two_things_is_refused(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    directory = copied(REGISTRY, tmp_path)
    edited(directory / TABLE, old, new)
    found = faults(directory)
    assert found
    assert any(line.startswith(TABLE) and said in line for line in found)


def test_a_group_is_that_of_the_own_version(tmp_path: Path, study: Study) -> None:
    directory = copied(REGISTRY, tmp_path)
    second = """
  - code: "2"
    title: A second version
    valid_from: 2021-01-01
    source: amendment
    event_groups:
      - {code: COLITIS, title: Colitis, terms: [Colitis]}
    modifications:
      - {code: TOR-03, drug: TORIPALIMAB, events: COLITIS, grade_from: 2, grade_to: 4, action: STOP, text: A}
"""
    path = directory / TABLE
    path.write_text(path.read_text(encoding="utf-8") + second, encoding="utf-8")
    load(directory)
    groups = DoseModification.objects.filter(code="TOR-03").order_by("table__code")
    assert [each.events.terms for each in groups] == [["Colitis", "Enterocolitis"], ["Colitis"]]


def principal_investigator(study: Study) -> User:
    return person(Role.INVESTIGATOR, study)


def test_the_principal_investigator_approves_a_version_and_says_why(
    study: Study, table: DoseModificationTable
) -> None:
    actor = principal_investigator(study)
    approved = approve_dose_modifications(
        actor=actor, table=table, reason="Discussed with pharmacy.", reentry=typed(actor)
    )
    assert (approved.is_approved, approved.approved_by) == (True, actor)
    event = AuditEvent.objects.filter(chain=study.chain).latest("number")
    assert (event.action, event.reason, event.role) == (
        "approve dose modifications",
        "Discussed with pharmacy.",
        Role.INVESTIGATOR,
    )


def test_a_wrong_password_approves_nothing(study: Study, table: DoseModificationTable) -> None:
    actor = principal_investigator(study)
    with pytest.raises(WrongCredentials):
        approve_dose_modifications(actor=actor, table=table, reason="agreed", reentry=typed(actor, "wrong"))
    table.refresh_from_db()
    assert not table.is_approved


def test_nobody_else_approves_it(study: Study, table: DoseModificationTable) -> None:
    site = make_site(study, "PK")
    others = [person(role, study) for role in Role if role != Role.INVESTIGATOR]
    of_site = assign(UserFactory(), Role.INVESTIGATOR, study, site)
    for actor in (*others, of_site, UserFactory(is_superuser=True), User.objects.system_user()):
        with pytest.raises(NotPermitted):
            approve_dose_modifications(actor=actor, table=table, reason="because", reentry=typed(actor))


def test_an_approval_needs_a_reason_rows_and_happens_once(
    study: Study, table: DoseModificationTable, tmp_path: Path
) -> None:
    actor = principal_investigator(study)
    with pytest.raises(ReasonRequired):
        approve_dose_modifications(actor=actor, table=table, reason=" ", reentry=typed(actor))
    approve_dose_modifications(actor=actor, table=table, reason="agreed", reentry=typed(actor))
    with pytest.raises(WrongState, match="approved already"):
        approve_dose_modifications(actor=actor, table=table, reason="agreed", reentry=typed(actor))
    directory = copied(REGISTRY, tmp_path)
    empty = '\n  - {code: "2", title: Empty, valid_from: 2021-01-01, source: none}\n'
    path = directory / TABLE
    path.write_text(path.read_text(encoding="utf-8") + empty, encoding="utf-8")
    load(directory)
    second = DoseModificationTable.objects.get(study=study, code="2")
    with pytest.raises(Refused, match="no rows"):
        approve_dose_modifications(actor=actor, table=second, reason="agreed", reentry=typed(actor))


CHANGES = [
    ("below: 30, within_days: 7", "below: 25, within_days: 7", "modifications[74] (OXA-11): below"),
    ("reductions: 1, dose: 65", "reductions: 1, dose: 60", "levels[5] (OXALIPLATIN 85 1): dose"),
    ("terms: [Pneumonitis]", "terms: [Pneumonitis, Dyspnea]", "event_groups[12] (PNEUMONITIS): terms"),
    ("title: Dose modifications of", "title: Table of", "(1): title"),
]


@pytest.mark.parametrize(("old", "new", "where"), CHANGES, ids=[each[2] for each in CHANGES])
def test_an_approved_version_is_not_changed_by_a_load_even_with_a_reason(
    study: Study, table: DoseModificationTable, tmp_path: Path, old: str, new: str, where: str
) -> None:
    principal = principal_investigator(study)
    approve_dose_modifications(actor=principal, table=table, reason="agreed", reentry=typed(principal))
    directory = copied(REGISTRY, tmp_path)
    edited(directory / TABLE, old, new)
    with pytest.raises(ProtocolError) as refused:
        load(directory, reason="amendment")
    (line,) = refused.value.lines
    assert where in line
    assert "the table is approved; what is to be changed is a new version" in line


def test_an_approved_version_gets_no_new_rows(
    study: Study, table: DoseModificationTable, tmp_path: Path
) -> None:
    principal = principal_investigator(study)
    approve_dose_modifications(actor=principal, table=table, reason="agreed", reentry=typed(principal))
    directory = copied(REGISTRY, tmp_path)
    what = "events: COLITIS, grade_from: 3, grade_to: 4, action: STOP, text: new"
    added = f"      - {{code: OXA-13, drug: OXALIPLATIN, {what}}}\n"
    path = directory / TABLE
    path.write_text(path.read_text(encoding="utf-8") + added, encoding="utf-8")
    with pytest.raises(ProtocolError, match="is new in an approved table"):
        load(directory, reason="amendment")
    assert not DoseModification.objects.filter(code="OXA-13").exists()


def test_an_unapproved_version_is_changed_with_a_reason(
    study: Study, table: DoseModificationTable, tmp_path: Path
) -> None:
    directory = copied(REGISTRY, tmp_path)
    edited(directory / TABLE, "below: 30, within_days: 7", "below: 25, within_days: 7")
    assert load(directory, reason="corrected").changed
    assert row("OXA-11").below == 25


def test_loading_again_leaves_an_approval_as_it_is(study: Study, table: DoseModificationTable) -> None:
    principal = principal_investigator(study)
    approve_dose_modifications(actor=principal, table=table, reason="agreed", reentry=typed(principal))
    assert load(REGISTRY).changed == []
    table.refresh_from_db()
    assert table.is_approved


@pytest.mark.parametrize(
    ("medication", "codes"),
    [
        ("Nivolumab 240 mg", ["PD-1"]),
        ("warfarin", ["ANTICOAGULANT"]),
        ("Cyclosporine A", ["IMMUNOSUPPRESSANT"]),
        ("Sorafenib tosylate", ["ANTICANCER"]),
        ("华蟾素胶囊", ["ANTITUMOR-HERBAL"]),
        ("Omeprazole", []),
    ],
)
def test_a_prohibited_medication_is_found_by_its_name(
    study: Study, medication: str, codes: list[str]
) -> None:
    assert [each.code for each in prohibited(medication, date(2021, 3, 1), study)] == codes


def test_the_drugs_of_the_study_are_not_prohibited(study: Study) -> None:
    for drug in study.drugs.all():
        assert prohibited(drug.name, date(2021, 3, 1), study) == []


def test_a_prohibition_applies_from_its_first_to_its_last_day(tmp_path: Path, db: None) -> None:
    directory = copied(REGISTRY, tmp_path)
    path = directory / "prohibited_medications.yaml"
    edited(path, "  - code: PD-1\n", "  - code: PD-1\n    valid_to: 2021-03-31\n")
    study = load(directory).study
    days = (date(2020, 3, 5), date(2020, 3, 6), date(2021, 3, 31), date(2021, 4, 1))
    assert [bool(prohibited("nivolumab", day, study)) for day in days] == [False, True, True, False]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("      - nivolumab\n", "      - '*'\n", "names: a name has two letters or more"),
        (
            "  - code: PD-1\n",
            "  - code: PD-1\n    valid_to: 2020-03-05\n",
            "valid_to: lies before valid_from",
        ),
        (
            "    days_before_first_dose: 7\n",
            "    days_before_first_dose: 0\n    during_treatment: false\n",
            "applies neither during treatment nor before it",
        ),
    ],
)
def test_a_prohibition_that_forbids_everything_or_nothing_is_refused(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    directory = copied(REGISTRY, tmp_path)
    edited(directory / "prohibited_medications.yaml", old, new)
    (line,) = faults(directory)
    assert line.startswith("prohibited_medications.yaml: prohibited_medications[")
    assert said in line


def test_prohibitions_have_a_history(study: Study) -> None:
    rows = ProhibitedMedication.objects.filter(study=study).count()
    assert rows == ProhibitedMedication.history.filter(history_type="+").count() > 0
