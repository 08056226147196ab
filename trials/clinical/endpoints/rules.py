"""What a protocol fixes about times to event, and the censoring rules as a table.

FDA: Clinical Trial Endpoints for the Approval of Cancer Drugs and Biologics, 2018 (appendix; the rows on
treatment that ends for toxicity, or for progression that no scan shows, as in the draft of 2007).
EMA: Guideline on the evaluation of anticancer medicinal products in man, appendix 1 (methodological
consideration for progression-free survival), 2012.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from trials.clinical.recist.course import ProgressionDate


class Censoring(StrEnum):
    """Whose rules."""

    FDA = "FDA"
    EMA = "EMA"


class Handling(StrEnum):
    """What something does to progression-free survival.

    EVENT: it ends it. CENSOR: follow-up ends at the last adequate assessment on or before it. IGNORE:
    follow-up goes on.
    """

    EVENT = "EVENT"
    CENSOR = "CENSOR"
    IGNORE = "IGNORE"


class Situation(StrEnum):
    """What may happen, by the name that a result gives as its rule."""

    PROGRESSION = "PROGRESSION"
    DEATH = "DEATH"
    REPORTED_PROGRESSION = "REPORTED_PROGRESSION"
    UNDOCUMENTED_PROGRESSION = "UNDOCUMENTED_PROGRESSION"
    RESECTION = "RESECTION"
    NEW_THERAPY = "NEW_THERAPY"
    DISCONTINUATION = "DISCONTINUATION"
    MISSED_ASSESSMENTS = "MISSED_ASSESSMENTS"
    NO_BASELINE = "NO_BASELINE"
    NO_ASSESSMENT = "NO_ASSESSMENT"
    NO_EVENT = "NO_EVENT"


IN_WORDS = {
    Situation.PROGRESSION: "progression on scans",
    Situation.DEATH: "death",
    Situation.REPORTED_PROGRESSION: "progression reported without scans",
    Situation.UNDOCUMENTED_PROGRESSION: "treatment ended for progression that no scan shows",
    Situation.RESECTION: "resection after downstaging",
    Situation.NEW_THERAPY: "new anticancer therapy",
    Situation.DISCONTINUATION: "treatment ended before progression, for another reason",
    Situation.MISSED_ASSESSMENTS: "planned assessments missed before the event",
    Situation.NO_BASELINE: "no baseline scan",
    Situation.NO_ASSESSMENT: "no adequate assessment after baseline",
    Situation.NO_EVENT: "no event",
}

# Resection, clinical progression (FDA) and the end of treatment (FDA) stand here with what the rules alone
# would say: settings decide them.
TABLE: Mapping[Situation, Mapping[Censoring, Handling]] = {
    situation: {Censoring.FDA: fda, Censoring.EMA: ema}
    for situation, fda, ema in (
        #                                    FDA              EMA
        (Situation.PROGRESSION,              Handling.EVENT,  Handling.EVENT),
        (Situation.DEATH,                    Handling.EVENT,  Handling.EVENT),
        (Situation.REPORTED_PROGRESSION,     Handling.IGNORE, Handling.EVENT),
        (Situation.UNDOCUMENTED_PROGRESSION, Handling.CENSOR, Handling.EVENT),
        (Situation.NEW_THERAPY,              Handling.CENSOR, Handling.IGNORE),
        (Situation.DISCONTINUATION,          Handling.CENSOR, Handling.IGNORE),
        (Situation.MISSED_ASSESSMENTS,       Handling.CENSOR, Handling.IGNORE),
        (Situation.NO_BASELINE,              Handling.CENSOR, Handling.CENSOR),
        (Situation.RESECTION,                Handling.IGNORE, Handling.IGNORE),
    )
}  # fmt: skip

ENDS_OF_TREATMENT = (Situation.DISCONTINUATION, Situation.UNDOCUMENTED_PROGRESSION)


class Origin(StrEnum):
    """From which day a time counts."""

    RANDOMIZATION = "RANDOMIZATION"
    FIRST_DOSE = "FIRST_DOSE"


class Discontinuation(StrEnum):
    """What the end of treatment, without progression on scans, does under rules that censor there."""

    CENSOR = "CENSOR"
    FOLLOW = "FOLLOW"


class AliveAfterCutoff(StrEnum):
    """Who is known alive, or to have died, after the data cut-off was alive on it.

    CUTOFF: overall survival is censored on the cut-off. LAST_CONTACT: on the last day up to the cut-off on
    which somebody knew, as if nothing had been told later.
    """

    CUTOFF = "CUTOFF"
    LAST_CONTACT = "LAST_CONTACT"


@dataclass(frozen=True)
class Rules:
    """What the protocol fixes. Raises ValueError for a count or a month that is none.

    `missed_assessments`: so many planned assessments missed in a row are a gap. `clinical_progression`:
    what progression without scans does under the rules of the FDA. `plus_one_day`: the first day counts
    too. `month_days`: days in a month.
    """

    censoring: Censoring = Censoring.FDA
    origin: Origin = Origin.RANDOMIZATION
    missed_assessments: int = 2
    resection: Handling = Handling.IGNORE
    discontinuation: Discontinuation = Discontinuation.CENSOR
    clinical_progression: Handling = Handling.IGNORE
    alive_after_cutoff: AliveAfterCutoff = AliveAfterCutoff.CUTOFF
    progression_date: ProgressionDate = ProgressionDate.LAST_SCAN
    plus_one_day: bool = True
    month_days: Decimal = Decimal("30.4375")

    def __post_init__(self) -> None:
        if self.missed_assessments < 1:
            raise ValueError("missed_assessments must be at least 1")
        if not self.month_days.is_finite() or self.month_days <= 0:
            raise ValueError("month_days must be above 0")

    def handling(self, situation: Situation) -> Handling:
        """What a situation does under these rules.

        >>> Rules().handling(Situation.NEW_THERAPY).value
        'CENSOR'
        >>> Rules(censoring=Censoring.EMA).handling(Situation.NEW_THERAPY).value
        'IGNORE'
        """
        if situation is Situation.RESECTION:
            return self.resection
        usual = TABLE[situation][self.censoring]
        if situation is Situation.REPORTED_PROGRESSION and self.censoring is Censoring.FDA:
            return self.clinical_progression
        if situation in ENDS_OF_TREATMENT and usual is Handling.CENSOR:
            follow = self.discontinuation is Discontinuation.FOLLOW
            return Handling.IGNORE if follow else usual
        return usual
