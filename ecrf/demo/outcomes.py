"""What becomes of each of the 61: the looks at the tumor, surgery, new therapy, death. The plot of the lives.

The table tells responses only; sizes of lesions, dates of scans and every form are drawn to fit, and the
reports compute from them what they compute from any study. Marks of the looks, one for each scheduled scan:

    S P C     stable disease, partial response, complete response
    N M       not evaluable, missed
    Dt Dn Du  progression: growth of target lesions, a new lesion, unequivocal growth of non-target lesions
    B         progression stands, treatment goes on beyond it
    R         no disease seen after resection

`*3` repeats a mark; `@270` makes it an unscheduled scan on that day after randomization. X is a resection, T
another anticancer therapy, both with their day. The end: + died, ? last heard of, - withdrew from everything,
= alive when the study ends.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

TABLE = """
#no.  looks at the tumor                  end   treatment ends by
# arm A
   1  S*2                             +98   DEATH
   2  Dn                              +148  PD
   6  S*7 Dt                          +725  PD
   7  S Dt                            +188  PD
  13  -                               +24   DEATH
  14  S P*13 Dt B*2                   =     BEYOND
  16  S Du                            +270  PD
  18  P*2 S*3 Dn                      +560  PD
  22  S Dn                            +236  PD
  24  S P*3 X@188 R*6 Dn              +905  PD
  26  Dt                              +95   PD
  28  S*3 Dt                          +350  PD
  32  S N S Dn                        ?430  PD
  33  S P*2 X@150 R*10 Dn             =     PD
  34  Dt                              +205  PD
  35  S*6 Dt@270                      +617  PD
  40  S*4 Dt                          +410  PD
  42  S*12 Dt                         +960  PD
  46  S*2 Dn@110                      +282  PD
  47  S*2 P*15 Dt                     =     TWO YEARS
  49  S*12                            =     WITHDRAWN@512
  53  S P*6 Dn                        +824  PD
  56  S*3 M M Dt                      +640  PD
  57  S*3 T@150                       +390  AE@133
  58  S*6 Dn                          +680  PD
  62  P*20                            =     TWO YEARS
  65  S P C*18                        =     TWO YEARS
  66  P*3 X@144 R*17                  =     TWO YEARS
  69  S*2                             +127  DEATH
  71  S P*8                           +422  DEATH
  72  S*8 Du                          +775  PD
# arm B
   3  S                               +75   DEATH
   5  S*3 Du                          +372  PD
   8  S*2 Dt                          +212  PD
  10  S P*9 Dn                        +930  PD
  11  -                               -30   WITHDRAWN@30
  12  P*5 S Dn                        +723  PD
  15  P*15 Dn                         =     PD
  19  S P*2 S*2 Dn@243                +520  PD
  20  Dn                              +165  PD
  21  S*2 M S*5 Du                    +660  PD
  25  S*3 T@171                       ?295  AE@118
  27  -                               +35   DEATH
  29  S*2 Dn                          +291  PD
  30  S*2 P*7 Dt                      =     PD
  36  S*11 Dt                         =     PD
  37  Dt                              +110  PD
  39  S P*11 Dt B*2                   =     BEYOND
  41  S*3 Dn@151                      +330  PD
  43  S Dn                            +230  PD
  45  S*5                             +225  DEATH
  48  S P*3 S Dt                      +585  PD
  51  P*3 S Dt                        +471  PD
  54  S P*7 Dn                        +850  PD
  55  S*4 Dn                          +410  PD
  59  S P*3 X@186 R*17                =     TWO YEARS
  61  S*3 Dt                          +305  PD
  63  S P*7 Dt@346                    +790  PD
  64  S P*19                          =     TWO YEARS
  68  S*3 N S*3                       +320  DEATH
  70  S Dt                            +140  PD
"""


class Seen(StrEnum):
    """What a look at the tumor shows."""

    STABLE = "S"
    PARTIAL = "P"
    COMPLETE = "C"
    NOT_EVALUABLE = "N"
    MISSED = "M"
    GROWTH = "Dt"
    NEW_LESION = "Dn"
    NON_TARGET_GROWTH = "Du"
    BEYOND = "B"
    RESECTED = "R"

    @property
    def is_progression(self) -> bool:
        """Whether progression is first seen here."""
        return self in (Seen.GROWTH, Seen.NEW_LESION, Seen.NON_TARGET_GROWTH)


class End(StrEnum):
    """How the story of a life ends."""

    DIED = "+"
    LOST = "?"
    WITHDREW = "-"
    ALIVE = "="


class Stop(StrEnum):
    """What ends the treatment."""

    PROGRESSION = "PD"
    DEATH = "DEATH"
    BEYOND = "BEYOND"
    TWO_YEARS = "TWO YEARS"
    ADVERSE_EVENT = "AE"
    WITHDRAWAL = "WITHDRAWN"


@dataclass(frozen=True)
class Look:
    """A scan: the scheduled one of a number, or an unscheduled one on a day after randomization."""

    seen: Seen
    number: int | None
    day: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What becomes of one life. Days are counted from randomization, which is day 0."""

    looks: tuple[Look, ...]
    resected: int | None
    new_therapy: int | None
    end: End
    ended: int | None
    stop: Stop
    stopped: int | None

    @property
    def response(self) -> Seen | None:
        """The best of complete and partial response; None for a life without."""
        shown = {look.seen for look in self.looks}
        return next((best for best in (Seen.COMPLETE, Seen.PARTIAL) if best in shown), None)


_ROW = re.compile(r"\s*(\d+)  (\S.*?)\s{2,}([-+?=])(\d*)\s+([A-Z ]+?)(?:@(\d+))?\s*$")
_MARK = re.compile(r"([A-Z][tnu]?)(?:\*(\d+))?(?:@(\d+))?$")


def _read(table: str) -> Iterator[tuple[int, Outcome]]:
    for line in table.strip().splitlines():
        if line.lstrip().startswith("#"):
            continue
        found = _ROW.match(line)
        if found is None:
            raise ValueError(f"cannot be read: {line}")
        number, marks, end, ended, stop, stopped = found.groups()
        looks, days = _looks(marks)
        yield (
            int(number),
            Outcome(looks, days.get("X"), days.get("T"), End(end), _day(ended), Stop(stop), _day(stopped)),
        )


def _looks(marks: str) -> tuple[tuple[Look, ...], dict[str, int]]:
    looks: list[Look] = []
    days: dict[str, int] = {}
    scheduled = 0
    for mark in marks.split() if marks != "-" else ():
        found = _MARK.match(mark)
        if found is None:
            raise ValueError(f"no mark of a look: {mark}")
        kind, times, day = found.groups()
        if kind in ("X", "T"):
            days[kind] = int(day)
        elif day:
            looks.append(Look(Seen(kind), None, int(day)))
        else:
            for _ in range(int(times or 1)):
                scheduled += 1
                looks.append(Look(Seen(kind), scheduled))
    return tuple(looks), days


def _day(text: str | None) -> int | None:
    return int(text) if text else None


OUTCOMES = dict(_read(TABLE))
"""By the number of the plan."""
