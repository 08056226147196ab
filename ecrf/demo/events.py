"""Adverse events of one life as they are entered: reported at the next visit, completed when they end."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from ecrf.demo.adverse_events import INTERRUPTED, NOT_RECOVERED, RECOVERED, Happening
from ecrf.demo.desk import Desk
from ecrf.demo.event_forms import event_form, medicine_form, steroid_of
from ecrf.demo.serious import SeriousEvent
from ecrf.demo.terms import TORIPALIMAB
from ecrf.demo.treatment import Treatment
from patients.models import AdverseEvent, ConcomitantMedication, Procedure

ENTERED_TWICE = {14, 39}
"""Numbers of the lives in which an event is entered twice and taken out again."""
DRAINED = {15, 46}
"""Numbers of the lives whose cholangitis is treated with a stent too."""
SHORT_COURSE = {"RED CELL TRANSFUSION": 0, "PLATELET TRANSFUSION": 0, "G-CSF": 4, "THROMBOPOIETIC": 9}
"""Days for which such a medicine is given, whatever the event does."""


@dataclass
class Lasting:
    """An event that was entered and lasts, with the medicines that go on with it."""

    record: AdverseEvent
    happening: Happening
    medicines: list[ConcomitantMedication]
    serious: SeriousEvent | None


class Events:
    """The events of a life: those to come, and those entered that still last."""

    def __init__(self, desk: Desk, treatment: Treatment) -> None:
        self.desk = desk
        self.to_come = sorted(treatment.happenings, key=lambda each: each.started)
        self.lasting: list[Lasting] = []
        self.numbers: dict[int, int] = {}
        self.entered_twice = False

    def until(self, day: date) -> None:
        """Complete what ended and report what started by a day."""
        for each in list(self.lasting):
            ended = each.happening.ended
            if ended is not None and ended <= day:
                self.lasting.remove(each)
                self._complete(each, ended)
            elif each.serious:
                each.serious.follow(each.happening)
        while self.to_come and self.to_come[0].started <= day:
            self._report(self.to_come.pop(0), day)

    def _report(self, happening: Happening, day: date) -> None:
        desk, over = self.desk, happening.ended is not None and happening.ended <= day
        known = happening if over else replace(happening, ended=None)
        milder = self.numbers.get(id(happening.worsens)) if happening.worsens else None
        serious = SeriousEvent(desk) if happening.serious else None
        data, rows = event_form(known, milder)
        if serious:
            data |= serious.awareness()
        record = desk.enter(AdverseEvent, data, rows, actor=self._reporter(happening))
        self.numbers[id(happening)] = record.repeat
        medicines = [self._give(each, known, record) for each in happening.medicines]
        if happening.ctcae == "Biliary tract infection" and desk.plan.number in DRAINED:
            self._drain(happening, record)
        if serious:
            serious.report(record, known)
        if known.ended is None:
            self.lasting.append(Lasting(record, happening, medicines, serious))
        elif serious:
            serious.close(record, known)
        if desk.plan.number in ENTERED_TWICE and not self.entered_twice and not happening.medicines:
            self.entered_twice = True
            again = desk.enter(AdverseEvent, data, rows, slips=False)
            desk.take_out(again, "Entered twice")

    def _give(self, medicine: Any, known: Happening, record: AdverseEvent) -> ConcomitantMedication:
        ended = _last_day(medicine.category, known)
        given = replace(known, ended=ended if ended and ended <= self.desk.today else None)
        data = medicine_form(medicine, given, record.repeat)
        entered: ConcomitantMedication = self.desk.enter(ConcomitantMedication, data, slips=False)
        return entered

    def _complete(self, each: Lasting, last_day: date) -> None:
        desk, now = self.desk, AdverseEvent.objects.get(pk=each.record.pk)
        worse = any(later.worsens is each.happening for later in self.to_come)
        ended: dict[str, Any] = {
            "ongoing": "N",
            "ended": last_day.isoformat(),
            "outcome": NOT_RECOVERED if worse else RECOVERED,
        }
        if each.happening.hospital:
            ended["discharged_on"] = last_day.isoformat()
        if steroid_of(each.happening):
            ended["steroid_ended"] = last_day.isoformat()
        held = each.happening.actions.get(TORIPALIMAB) == INTERRUPTED
        rows = {"drugs": [self._rechallenge(now)]} if held and each.happening.immune else None
        changed = desk.change(now, "Event has ended: end and outcome added", ended, rows)
        for medicine in each.medicines:
            open_page = ConcomitantMedication.objects.get(pk=medicine.pk)
            if open_page.ongoing == "Y":
                desk.change(
                    open_page,
                    "Medication ended with the event",
                    {"ongoing": "N", "ended": str(_last_day(open_page.category, each.happening))},
                )
        if each.serious:
            each.serious.close(changed, replace(each.happening, ended=last_day))

    def _rechallenge(self, event: AdverseEvent) -> dict[str, Any]:
        row = event.drugs.get(drug__code=TORIPALIMAB)
        return {"repeat": row.repeat, "rechallenged": "Y", "rechallenge_outcome": "NOT RECURRED"}

    def _drain(self, happening: Happening, record: AdverseEvent) -> None:
        data = {
            "kind": "BILIARY STENT",
            "name": "Endoscopic placement of a biliary stent",
            "performed_on": (happening.started + timedelta(days=2)).isoformat(),
            "organ": "BILE DUCT",
            "indication": "Cholangitis with a dilated left hepatic duct",
            "intent": "SUPPORTIVE",
            "adverse_event": record.repeat,
            "elsewhere": "N",
            "stent_type": "PLASTIC",
        }
        self.desk.enter(Procedure, data, slips=False)

    def _reporter(self, happening: Happening) -> Any:
        return self.desk.deciding() if happening.grade >= 3 else self.desk.entering()


def _last_day(category: str, happening: Happening) -> date | None:
    """The last day of a medicine: of a short course its own, else that of the event."""
    days = SHORT_COURSE.get(category)
    if days is None:
        return happening.ended
    last = happening.started + timedelta(days=days)
    return min(last, happening.ended) if happening.ended else last
