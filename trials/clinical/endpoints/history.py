"""What is known of a subject, as the endpoints take it: plain values, each with where it is written."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import date

from trials.clinical.endpoints.rules import Handling
from trials.clinical.endpoints.schedule import PlannedAssessment
from trials.clinical.partial_date import PartialDate
from trials.clinical.recist.response import Response

Sources = tuple[Hashable, ...]


@dataclass(frozen=True)
class Happening:
    """Something that happened on a day known wholly, in part, or (None) not at all.

    `words` names it within a sentence ("the death"); `sources` are opaque to this package. `possible` is
    set where a day was put in the place of one that is not known: it is tried, never told. `between`: the
    first and the last day that one without a day of its own may have.
    """

    on: PartialDate | None
    words: str
    sources: Sources = ()
    possible: date | None = None
    between: tuple[date, date] | None = field(default=None, kw_only=True)

    @property
    def day(self) -> date:
        """The day. Raises ValueError where it is not known: ask only after `possible.histories`."""
        if self.possible is not None:
            return self.possible
        if self.on is None or not self.on.is_complete:
            raise ValueError(f"the day of {self.words} is not known")
        return self.on.earliest

    @property
    def when(self) -> str:
        """Its day as far as it is known."""
        if self.on is not None:
            return str(self.on)
        return f"from {self.between[0]} to {self.between[1]}" if self.between else "day unknown"

    @property
    def dated(self) -> str:
        """The thing with its day as far as it is known, for a sentence."""
        return f"{self.words} ({self.when})"


@dataclass(frozen=True)
class Resection(Happening):
    """A resection after downstaging; `handling` where it is decided for this one, else as the rules say."""

    handling: Handling | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class ReportedProgression(Happening):
    """Progression that no scan shows; `ended_treatment` where all study treatment was ended for it."""

    ended_treatment: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class UndatedAssessment(Happening):
    """A tumor assessment after baseline whose scans have no day: it may have any, and any response."""

    response: Response | None = field(default=None, kw_only=True)

    @property
    def settled(self) -> "Assessment":
        """It as an assessment of the day and the response that are tried."""
        scan = PartialDate(self.day.year, self.day.month, self.day.day)
        grew = self.response is Response.PD
        return Assessment(scan, scan, self.response, grew=grew, label=self.words, sources=self.sources)


@dataclass(frozen=True)
class Assessment:
    """One tumor assessment after baseline and its overall response (None: cannot be determined).

    `last_scan` is the day up to which the subject was seen. Progression counts from the scan that showed
    a new lesion (`new_lesion_on`), or from the first or last scan where lesions known before grew
    (`grew`); `why` says in words what decided it. Raises ValueError for scans in the wrong order and for a
    response that no assessment has.
    """

    first_scan: PartialDate
    last_scan: PartialDate
    response: Response | None
    new_lesion_on: PartialDate | None = None
    grew: bool = False
    label: str = ""
    sources: Sources = ()
    why: str = ""

    def __post_init__(self) -> None:
        if self.last_scan.latest < self.first_scan.earliest:
            raise ValueError("the last scan lies before the first")
        if self.response in (Response.MISSING, Response.NA):
            raise ValueError(f"an assessment has no response {self.response}")

    @property
    def day(self) -> date:
        """The day up to which the subject was seen."""
        return self.last_scan.earliest

    @property
    def is_adequate(self) -> bool:
        """Whether the scans could be judged."""
        return self.response not in (None, Response.NE, Response.ND)

    @property
    def dated(self) -> str:
        return f"{self.response or 'undetermined'} on {self.last_scan}"


@dataclass(frozen=True)
class History:
    """Everything of one subject that an endpoint may rest on.

    `death_known`: the day by which the death was known, where one is told. `alive`: days on which the
    subject was certainly alive (visits, doses, scans, contacts). `discontinuation`: the end of all study
    treatment for another reason than progression, death or its planned completion. `lost`: the day from
    which nobody could be asked any more. `planned`: the assessments of the schedule, in order. `cutoff`:
    what lies after this day is left out. `unfinished`: assessments, by their first scan, that went on
    after it. `told_later`: what was told only after it and shows the subject alive, before it or later.
    `undated`: assessments whose scans have no day; `undated_baseline`: one that can only be of baseline.
    `left_out`: what the records hold and no rule can take, in words.
    """

    randomized: Happening | None = None
    first_dose: Happening | None = None
    baseline: Happening | None = None
    assessments: tuple[Assessment, ...] = ()
    reported_progressions: tuple[ReportedProgression, ...] = ()
    death: Happening | None = None
    death_known: Happening | None = None
    new_therapies: tuple[Happening, ...] = ()
    resections: tuple[Resection, ...] = ()
    discontinuation: Happening | None = None
    alive: tuple[Happening, ...] = ()
    lost: Happening | None = None
    planned: tuple[PlannedAssessment, ...] = ()
    cutoff: date | None = None
    unfinished: tuple[Happening, ...] = ()
    told_later: tuple[Happening, ...] = ()
    undated: tuple[UndatedAssessment, ...] = ()
    undated_baseline: Happening | None = None
    left_out: tuple[str, ...] = ()
