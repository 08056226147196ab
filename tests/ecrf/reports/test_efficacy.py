"""The report of efficacy of a small trial, counted by hand."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ecrf.reports.beside import published_lines
from ecrf.reports.choices import Confirmation, UnknownChoice
from ecrf.reports.efficacy import Efficacy
from ecrf.reports.endpoints import AnalysisSet
from ecrf.reports.shown import efficacy_as_json
from ecrf.reports.statistics.kaplan_meier import Transformation
from ecrf.reports.text import efficacy_as_text
from ecrf.reports.times import TimeAnalysis
from patients.actions.save_form import mark_entered_in_error
from patients.facts import Moment
from patients.models import AdverseEvent, Death, Subject, TumorAssessment
from tests.ecrf.reports.trial import Patient, Trial
from tests.factories import save
from tests.patients.clinic import after
from trials.audit import clock
from trials.clinical.endpoints.result import Endpoint
from trials.models import StudySetting


@pytest.fixture
def six(trial: Trial) -> list[Patient]:
    """Three in each arm. A: PR until week 18, SD and death in week 20, PD in week 6. B: PR, SD, no scan."""
    one, two, three, four, five, six = [trial.patient() for _ in range(6)]
    one.looks(w6="60", w12="60", w18="100")  # A
    two.looks(w6="65", w12="65")  # B
    three.looks(w6="90", w12="90")  # A
    three.died(after(16))
    four.looks(w6="90", w12="125")  # B
    five.looks(w6="130")  # A
    five.died(after(30))
    six.died(after(5))  # B
    for each in (one, two, four):
        each.alive(after(40))
    return [one, two, three, four, five, six]


def rates(
    report: Efficacy, confirmation: Confirmation = Confirmation.CONFIRMED
) -> list[tuple[str, int, int]]:
    return [(each.arm, each.rate.count, each.rate.total) for each in report.rate(confirmation).arms]


def medians(times: TimeAnalysis) -> list[float | None]:
    return [None if not each.curve else each.medians[times.interval].estimate for each in times.arms]


def test_responders_are_counted_among_all_randomized(trial: Trial, six: list[Patient]) -> None:
    report = trial.report()
    assert rates(report) == rates(report, Confirmation.UNCONFIRMED) == [("A", 1, 3), ("B", 1, 3)]
    block = report.responses[0]
    assert {arm: dict(held) for arm, held in block.best.items()} == {
        "A": {"PR": 1, "SD": 1, "PD": 1},
        "B": {"PR": 1, "SD": 1, "NE": 1},
    }
    evaluable = block.objective[AnalysisSet.EVALUABLE]
    assert [(each.rate.count, each.rate.total) for each in evaluable.arms] == [(1, 3), (1, 2)]
    control = block.control[AnalysisSet.ITT]
    assert [(each.rate.count, each.rate.total) for each in control.arms] == [(2, 3), (2, 3)]


def test_the_denominator_follows_the_setting(trial: Trial, six: list[Patient]) -> None:
    trial.set("response_denominator", "EVALUABLE")
    assert rates(trial.report()) == [("A", 1, 3), ("B", 1, 2)]


def test_times_are_those_of_the_records(trial: Trial, six: list[Patient]) -> None:
    report = trial.report()
    survival, free = report.times[Endpoint.OS], report.times[Endpoint.PFS]
    assert [(each.subjects, each.events) for each in survival.arms] == [(3, 2), (3, 1)]
    assert [(each.subjects, each.events) for each in free.arms] == [(3, 3), (3, 2)]
    days = [(after(week).toordinal() - after(0).toordinal() + 1) / 30.4375 for week in (16, 12)]
    assert medians(free) == pytest.approx(days)
    duration = report.durations[Confirmation.CONFIRMED]
    assert [(each.subjects, each.events, each.not_applicable) for each in duration.arms] == [
        (1, 1, 2),
        (1, 0, 2),
    ]


def test_a_responder_whose_scans_are_void_is_none(trial: Trial, six: list[Patient]) -> None:
    for scan in TumorAssessment.objects.filter(subject=six[0].subject).exclude(visit__code="SCR"):
        mark_entered_in_error(
            actor=trial.coordinator, record=scan, version=scan.version, reason="of another person"
        )
    assert rates(trial.report()) == [("A", 0, 3), ("B", 1, 3)]


def test_a_death_that_moves_moves_the_median(trial: Trial, six: list[Patient]) -> None:
    before = medians(trial.report().times[Endpoint.OS])
    death = Death.objects.get(subject=six[4].subject)
    mark_entered_in_error(actor=trial.coordinator, record=death, version=death.version, reason="wrong day")
    six[4].enter(
        Death,
        died_on=after(60).isoformat(),
        known_on="2023-05-01",
        cause="OTHER",
        cause_in_words="Sepsis",
        source="FAMILY",
    )
    moved = medians(trial.report().times[Endpoint.OS])
    assert moved[0] != before[0]
    assert moved[1] == before[1]


def test_the_alternatives_stand_beside_the_default(trial: Trial, six: list[Patient]) -> None:
    six[1].resected(after(8))
    report = trial.report()
    named = {(each.censoring.value, each.resection.value): each for each in report.alternatives}
    assert len(named) == 6
    assert [key for key, each in named.items() if each.is_default] == [("FDA", "IGNORE")]
    events = {key: each.times.arms[1].events for key, each in named.items()}
    assert (events["FDA", "IGNORE"], events["FDA", "EVENT"], events["EMA", "CENSOR"]) == (2, 3, 2)


@pytest.mark.parametrize(
    ("value", "subjects", "left_out"), [("LEFT_OUT", 2, 1), ("EARLIEST", 3, 0), ("LATEST", 3, 0)]
)
def test_a_death_known_to_the_month_is_counted_as_the_setting_says_and_always_named(
    trial: Trial, value: str, subjects: int, left_out: int
) -> None:
    trial.set("partial_event_date", value)
    for _ in range(6):
        patient = trial.patient()
        patient.alive(after(10))
    patient.died("2021-09")
    report = trial.report()
    arm = report.times[Endpoint.OS].arms[1]
    assert (arm.subjects, arm.left_out, arm.undetermined) == (subjects, left_out, 1)
    last = {each.time for each in arm.curve.steps if each.events} if arm.curve else set()
    days = {"LEFT_OUT": [], "EARLIEST": [date(2021, 9, 1)], "LATEST": [date(2021, 9, 30)]}[value]
    assert last == {((day - after(0)).days + 1) / 30.4375 for day in days}
    # Whatever the day, two assessments were missed before it: that time is censored for certain.
    assert [(each.subject, each.endpoint) for each in report.open] == [
        (patient.subject.code, "overall survival")
    ]
    assert "the death (2021-09)" in efficacy_as_text(report)


def test_the_number_of_queries_does_not_grow_with_the_subjects(trial: Trial) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            efficacy_as_json(trial.report())
        return len(queries)

    for patient in (trial.patient(), trial.patient()):
        patient.looks(w6="60")
        patient.died(after(10))
        patient.further_therapy(after(8))
    few = cost()
    for _ in range(5):
        patient = trial.patient()
        patient.looks(w6="60", w12="50")
        patient.died(after(20))
        patient.further_therapy(after(18))
        patient.resected(after(15))
    assert cost() == few


def test_the_report_tells_what_the_database_held_at_an_instant(trial: Trial) -> None:
    patient = trial.patient()
    patient.looks(w6="60")
    with clock.simulated(datetime(2023, 6, 3, tzinfo=UTC)):
        patient.looks(w12="60")
        assert rates(trial.report()) == [("A", 1, 1), ("B", 0, 0)]
    assert rates(trial.report(Moment(as_of=datetime(2023, 6, 2, tzinfo=UTC)))) == [("A", 0, 1), ("B", 0, 0)]
    before = trial.report(Moment(as_of=datetime(2021, 3, 10, 1, tzinfo=UTC)), trial.choices())
    assert (rates(before), before.not_randomized) == ([("A", 0, 0), ("B", 0, 0)], 0)


def test_the_report_up_to_a_clinical_day_leaves_later_facts_out(trial: Trial, six: list[Patient]) -> None:
    report = trial.report(Moment(cutoff=after(11)))
    assert rates(report) == [("A", 0, 3), ("B", 0, 3)]
    assert rates(report, Confirmation.UNCONFIRMED) == [("A", 1, 3), ("B", 1, 3)]
    assert [each.events for each in report.times[Endpoint.OS].arms] == [0, 1]
    assert trial.report(Moment(cutoff=date(2021, 3, 9))).sets[AnalysisSet.ITT] == {"A": 0, "B": 0}


def adverse_event(patient: Patient, term: str, grade: str, causality: str, started: Any = None) -> None:
    patient.enter(
        AdverseEvent,
        rows={"drugs": [{"drug": "LENVATINIB", "causality": causality, "action": "DOSE NOT CHANGED"}]},
        term=term,
        ctcae_term=term.capitalize(),
        grade=grade,
        started=(started or after(2)).isoformat() if not isinstance(started, str) else started,
        ongoing="Y",
        outcome="NOT RECOVERED/NOT RESOLVED",
        serious="N",
    )


def test_each_subject_counts_once_for_an_event_by_its_worst_related_grade(trial: Trial) -> None:
    one, two, three = trial.patient(), trial.patient(), trial.patient()
    adverse_event(one, "Fatigue", "3", "POSSIBLY RELATED")
    adverse_event(one, "fatigue", "4", "PROBABLY RELATED")
    adverse_event(three, "Fatigue", "3", "UNLIKELY RELATED")
    adverse_event(two, "Fatigue", "1", "DEFINITELY RELATED")
    adverse_event(two, "Jaundice", "5", "POSSIBLY RELATED")
    a, b = trial.report().safety
    assert (a.treated, a.any_event, a.related, a.related_grade_3_4, a.related_grade_5) == (2, 2, 1, 1, 0)
    assert (b.treated, b.any_event, b.related, b.related_grade_3_4, b.related_grade_5) == (1, 1, 1, 0, 1)
    assert (a.terms, a.related_terms) == ({"Fatigue": 2}, {"Fatigue": 1})
    assert a.related_grades == {("Fatigue", 4): 1}


def test_an_event_that_certainly_began_before_the_first_dose_is_left_out(trial: Trial) -> None:
    patient = trial.patient()
    adverse_event(patient, "Nausea", "1", "UNRELATED", after(0, -1))
    adverse_event(patient, "Fatigue", "1", "UNRELATED", "2021-03")
    assert trial.report().safety[0].terms == {"Fatigue": 1}


def test_a_setting_that_is_missing_or_unknown_is_named_and_nothing_is_assumed(trial: Trial) -> None:
    trial.set("pfs_censoring", "NMPA")
    trial.set("month_days", 0)
    trial.set("median_interval", None)
    with pytest.raises(UnknownChoice) as refusal:
        trial.choices()
    assert refusal.value.errors == {
        "pfs_censoring": "must be one of FDA, EMA",
        "month_days": "must be above 0",
        "median_interval": "is missing",
    }


def test_the_interval_of_a_median_follows_the_setting(trial: Trial, six: list[Patient]) -> None:
    trial.set("median_interval", "plain")
    assert trial.report().times[Endpoint.OS].interval is Transformation.PLAIN


def published(trial: Trial, path: Path, arms: dict[str, Any]) -> None:
    (path / "fixtures").mkdir()
    content = {"registry_id": trial.study.registry_id, "source": "An abstract", "arms": arms}
    (path / "fixtures" / "any_published.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")


def all_synthetic(trial: Trial) -> None:
    for subject in Subject.objects.filter(study=trial.study):
        subject.is_synthetic = True
        save(subject.chain, subject)


FIGURES = {
    "A": {
        "randomized": 3,
        "response": {"responders": 1, "percent": "33.3", "interval": ["0.8", "90.6"]},
        "grade_3_fatigue": {"subjects": 2, "percent": "66.7"},
        "events": {"Fatigue": {"subjects": 1, "percent": "33"}},
    },
    "B": {"randomized": 4, "overall_survival": {"median": "15.5", "interval": ["9.6", "23.8"]}},
}


def test_published_figures_stand_beside_the_computed_ones_as_they_were_printed(
    trial: Trial, six: list[Patient], tmp_path: Path, settings: Any
) -> None:
    adverse_event(six[0], "fatigue", "3", "POSSIBLY RELATED")
    all_synthetic(trial)
    published(trial, tmp_path, FIGURES)
    settings.BASE_DIR = tmp_path
    report = trial.report()
    lines = {line.label: line for line in published_lines(report)}
    response = lines["Objective response (95% interval)"]
    assert response.published["A"] == response.computed["A"] == "1, 33.3% (0.8 to 90.6)"
    assert (response.agrees("A"), response.agrees("B")) == (True, None)
    assert lines["Randomized"].agrees("B") is False
    assert lines["Fatigue, grade 3, related"].computed["A"] == "1 (33.3%)"
    assert lines["Fatigue, as reported, any grade"].computed["A"] == "1 (33%)"
    text = efficacy_as_text(report)
    assert "PUBLISHED BESIDE COMPUTED (published: An abstract" in text
    assert "3 *" in text


def test_what_is_published_is_not_shown_beside_persons_who_exist(
    trial: Trial, six: list[Patient], tmp_path: Path, settings: Any
) -> None:
    published(trial, tmp_path, FIGURES)
    settings.BASE_DIR = tmp_path
    report = trial.report()
    assert report.published is None
    assert "PUBLISHED" not in efficacy_as_text(report)
    assert efficacy_as_json(report)["published"] is None
    note = "What is published is not shown beside subjects who are not synthetic (6 of 6)."
    assert efficacy_as_json(report)["published_note"] == note
    assert note in efficacy_as_text(report).splitlines()


def test_a_study_without_published_figures_prints_the_computed_ones_only(
    trial: Trial, six: list[Patient]
) -> None:
    all_synthetic(trial)
    text = efficacy_as_text(trial.report())
    assert "OVERVIEW" in text
    assert "1, 33.3% (0.8 to 90.6)" in text
    assert "is not shown" not in text


def run(*arguments: str, capsys: Any) -> str:
    call_command("report", "efficacy", *arguments)
    out: str = capsys.readouterr().out
    return out


def test_the_command_prints_the_report_as_text_and_as_json(
    trial: Trial, six: list[Patient], capsys: Any
) -> None:
    assert run(capsys=capsys) == efficacy_as_text(trial.report())
    shown = json.loads(run("--format", "json", "--cutoff", "2021-06-01", "--censoring", "EMA", capsys=capsys))
    assert (shown["cutoff"], shown["censoring"]) == ("2021-06-01", "EMA")
    assert shown["study_settings"]["pfs_censoring"] == "FDA"
    assert shown["response"][0]["objective_response"]["ITT"]["arms"][0]["total"] == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--cutoff", "2021-06"], "cutoff must be a whole day"),
        (["--cutoff", "tomorrow"], "cutoff must be a day"),
        (["--as-of", "2021-06-01"], "as_of must be an instant with its time zone"),
        (["--study", "OTHER"], "no study OTHER"),
    ],
)
def test_the_command_says_what_it_cannot_do(trial: Trial, arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("report", "efficacy", *arguments)


def test_the_command_names_settings_that_the_study_lacks(trial: Trial) -> None:
    trial.set("pfs_origin", None)
    with pytest.raises(CommandError, match="setting pfs_origin is missing"):
        call_command("report", "efficacy")
    assert StudySetting.objects.get(study=trial.study, key="pfs_origin").value is None


def test_a_study_without_subjects_has_a_report_without_numbers(trial: Trial) -> None:
    report = trial.report()
    assert rates(report) == [("A", 0, 0), ("B", 0, 0)]
    text = efficacy_as_text(report)
    assert "no log-rank test: first sample must have at least one subject" in text
