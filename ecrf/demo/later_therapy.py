"""Anticancer therapy after the study treatment."""

from datetime import date, timedelta
from typing import Any

from ecrf.demo.course import Course
from ecrf.demo.desk import Desk
from patients.models import SubsequentTherapy

SHARE = 0.7
AFTER_PROGRESSION = (14, 40)
LASTS = (42, 160)
LEAST_DAYS_LEFT = 60
AGENTS = {
    "A": (
        "Gemcitabine, cisplatin",
        "Gemcitabine, oxaliplatin",
        "Capecitabine",
        "S-1",
        "Gemcitabine, S-1",
    ),
    "B": ("Toripalimab, S-1", "Capecitabine", "FOLFOX", "Sintilimab, S-1", "Irinotecan, capecitabine"),
}


class LaterTherapy:
    """The next therapy of one life, if it has one."""

    def __init__(self, desk: Desk, course: Course) -> None:
        self.desk = desk
        draw = desk.plan.draws("later therapy")
        self.agents = draw.choice(AGENTS[desk.plan.arm])
        self.starts = course.new_therapy or self._after_progression(course, draw)
        self.ends = self.starts + timedelta(days=draw.randint(*LASTS)) if self.starts else None
        self.record: Any = None

    def _after_progression(self, course: Course, draw: Any) -> date | None:
        wait, goes_on = draw.randint(*AFTER_PROGRESSION), draw.random() < SHARE
        if course.progressed is None or not goes_on:
            return None
        starts: date = max(course.progressed.day, course.treated_until) + timedelta(days=wait)
        end = course.died or course.last_contact
        return None if end and (end - starts).days < LEAST_DAYS_LEFT else starts

    def is_new_since(self, day: date, until: date) -> bool:
        """Whether it began after a day, up to another."""
        return self.starts is not None and day < self.starts <= until

    def begin(self) -> None:
        """Enter it as it begins."""
        if self.starts is None:
            return
        data = {
            "kind": "SYSTEMIC",
            "agents": self.agents,
            "line": 1,
            "started": self.starts.isoformat(),
            "ongoing": "Y",
        }
        self.record = self.desk.enter(SubsequentTherapy, data, slips=False)

    def end(self, last_day: date) -> None:
        """Enter its end, where it came by a day."""
        if self.record is None or self.ends is None:
            return
        ended = min(self.ends, last_day)
        data = {
            "ongoing": "N",
            "ended": ended.isoformat(),
            "reason_stopped": "PROGRESSIVE DISEASE" if ended == self.ends else "UNKNOWN",
        }
        self.desk.change(self.record, "Therapy has ended", data)
        self.record = None
