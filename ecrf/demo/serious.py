"""Reports of a serious event: the initial one on the day of awareness, a follow-up, the final one."""

from datetime import datetime, timedelta
from typing import Any

from ecrf.demo.adverse_events import Happening
from ecrf.demo.desk import Desk
from patients.models import AdverseEvent, SeriousAdverseEventReport

MINUTES_BEFORE = (35, 150)
FOLLOWED_AFTER = timedelta(days=6)


class SeriousEvent:
    """The reports of one event. The site learns of it some time before it sits down to enter it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.learned = desk.moment - timedelta(minutes=desk.draw.randint(*MINUTES_BEFORE))
        self.event: AdverseEvent | None = None
        self.reported: datetime | None = None
        self.followed = False

    def awareness(self) -> dict[str, str]:
        """When the site learned of it."""
        return {
            "became_aware_on": f"{self.learned:%Y-%m-%d}",
            "became_aware_at": f"{self.learned:%H:%M}",
        }

    def report(self, event: AdverseEvent, happening: Happening) -> None:
        """The initial report, in the same sitting."""
        self.event, self.reported = event, self.desk.moment
        self._enter("INITIAL", happening, self.learned, "Treatment was begun; the event goes on.")

    def follow(self, happening: Happening) -> None:
        """A follow-up at the next sitting after some days, as long as the event lasts."""
        if self.followed or self.reported is None or self.desk.moment < self.reported + FOLLOWED_AFTER:
            return
        self.followed = True
        text = "The condition is stable under treatment; the event goes on."
        self._enter("FOLLOW-UP", happening, self.desk.moment - timedelta(minutes=20), text, number=1)

    def close(self, event: AdverseEvent, happening: Happening) -> None:
        """The final report once the event is over."""
        self.event = event
        self._enter(
            "FINAL", happening, self.desk.moment - timedelta(minutes=20), "The subject has recovered."
        )

    def _enter(
        self, kind: str, happening: Happening, learned: datetime, course: str, number: int | None = None
    ) -> None:
        if self.event is None:
            raise LookupError("the event is entered before its reports")
        reported = self.desk.moment
        blamed = [drug for drug in happening.causality if happening.is_blamed_on(drug)]
        suspected = blamed[0] if blamed else next(iter(happening.causality))
        data: dict[str, Any] = {
            "adverse_event": self.event.repeat,
            "kind": kind,
            "became_aware_on": f"{learned:%Y-%m-%d}",
            "became_aware_at": f"{learned:%H:%M}",
            "reported_on": f"{reported:%Y-%m-%d}",
            "reported_at": f"{reported:%H:%M}",
            "suspected_drug": suspected,
            "causality": happening.causality[suspected],
            "expectedness": "EXPECTED",
            "susar": "N",
            "narrative": (
                f"{happening.reported}, CTCAE grade {happening.grade}, began on {happening.started}. {course}"
            ),
            "ethics_on": f"{reported:%Y-%m-%d}",
        }
        if number is not None:
            data["number"] = number
        self.desk.enter(SeriousAdverseEventReport, data, actor=self.desk.deciding(), slips=False)
