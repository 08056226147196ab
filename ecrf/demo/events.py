"""Adverse events of one life as they are entered: reported at the next visit, completed when they end."""

from dataclasses import replace
from datetime import date
from typing import Any

from ecrf.demo.adverse_events import NOT_RECOVERED, RECOVERED, Happening
from ecrf.demo.blood_counts import episodes
from ecrf.demo.desk import Desk
from ecrf.demo.treatment import Treatment
from patients.models import AdverseEvent, ConcomitantMedication

CRITERIA = (
    "results_in_death",
    "life_threatening",
    "hospitalization",
    "disability",
    "congenital_anomaly",
    "medically_important",
)
ENTERED_TWICE = {13, 40}
"""Numbers of the lives in which an event is entered twice and taken out again."""


class Events:
    """The events of a life: those to come, and those entered that still last."""

    def __init__(self, desk: Desk, treatment: Treatment) -> None:
        self.desk = desk
        samples = [(day.on, day.results) for day in treatment.attended]
        samples += [day.waited for day in treatment.attended if day.waited]
        samples.sort(key=lambda each: each[0])
        seen = episodes(desk.plan.arm, samples, treatment.last_day)
        self.to_come = sorted([*treatment.happenings, *seen], key=lambda each: each.started)
        self.lasting: list[tuple[AdverseEvent, Happening]] = []
        self.entered_twice = False

    def until(self, day: date) -> None:
        """Complete what ended and report what started by a day."""
        for record, happening in list(self.lasting):
            if happening.ended is not None and happening.ended <= day:
                self.lasting.remove((record, happening))
                self._complete(record, happening.ended)
        while self.to_come and self.to_come[0].started <= day:
            self._report(self.to_come.pop(0), day)

    def _report(self, happening: Happening, day: date) -> None:
        known = happening if happening.ended and happening.ended <= day else replace(happening, ended=None)
        data, rows = event_form(known)
        record = self.desk.enter(AdverseEvent, data, rows, actor=self._reporter(happening))
        if known.ended is None:
            self.lasting.append((record, happening))
        if happening.treatment:
            self.desk.enter(ConcomitantMedication, treatment_form(known), slips=False)
        if self.desk.plan.number in ENTERED_TWICE and not self.entered_twice:
            self.entered_twice = True
            self.desk.take_out(self.desk.enter(AdverseEvent, data, rows, slips=False), "Entered twice")

    def _complete(self, record: AdverseEvent, last_day: date) -> None:
        now = AdverseEvent.objects.get(pk=record.pk)
        ended = {"ongoing": "N", "ended": last_day.isoformat(), "outcome": RECOVERED}
        self.desk.change(now, "Event has ended: end and outcome added", ended)

    def _reporter(self, happening: Happening) -> Any:
        return self.desk.deciding() if happening.grade >= 3 else self.desk.entering()


def event_form(happening: Happening) -> tuple[dict[str, Any], dict[str, Any]]:
    """Answers and rows of an event as it is known."""
    data: dict[str, Any] = {
        "term": happening.reported,
        "ctcae_term": happening.ctcae,
        "grade": str(happening.grade),
        "started": happening.started_as_reported(),
        "ongoing": "N" if happening.ended else "Y",
        "outcome": RECOVERED if happening.ended else NOT_RECOVERED,
        "serious": "Y" if happening.serious else "N",
    }
    if happening.ended:
        data["ended"] = happening.ended.isoformat()
    if happening.serious:
        data |= dict.fromkeys(CRITERIA, "N")
        data["life_threatening" if happening.grade == 4 else "hospitalization"] = "Y"
    if happening.treatment:
        data["other_action"] = happening.treatment
    rows = [
        {"drug": drug, "causality": causality, "action": action}
        for drug, (causality, action) in happening.drugs.items()
    ]
    return data, {"drugs": rows}


def treatment_form(happening: Happening) -> dict[str, Any]:
    """The medicine given for an event."""
    answers: dict[str, Any] = {
        "medication": happening.treatment.split(",")[0],
        "indication": happening.ctcae,
        "started": happening.started_as_reported(),
        "ongoing": "N" if happening.ended else "Y",
        "missing_reasons": {"dose": "UNKNOWN"},
    }
    return answers | ({"ended": happening.ended.isoformat()} if happening.ended else {})
