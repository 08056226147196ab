"""What treatment does to people, as a table; each life draws its events from it.

The frequencies make a plausible picture and nothing more: they are no result of the trial.
"""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from ecrf.demo.plans import Plan

TORIPALIMAB, LENVATINIB, OXALIPLATIN, GEMCITABINE = "TORIPALIMAB", "LENVATINIB", "OXALIPLATIN", "GEMCITABINE"
DRUGS = {"A": (TORIPALIMAB, LENVATINIB), "B": (LENVATINIB, OXALIPLATIN, GEMCITABINE)}


@dataclass(frozen=True)
class Term:
    """One kind of event: share of subjects by arm, weights of grades 1 to 4, onset and duration in days."""

    ctcae: str
    reported: tuple[str, ...]
    share: dict[str, float]
    grades: tuple[int, int, int, int]
    onset: tuple[int, int]
    lasts: tuple[int, int]
    culprits: tuple[str, ...]
    treatment: str = ""


ALL = (TORIPALIMAB, LENVATINIB, OXALIPLATIN, GEMCITABINE)
CHEMOTHERAPY = (OXALIPLATIN, GEMCITABINE)

# fmt: off
TERMS = (
    Term("Fatigue", ("Fatigue", "Tiredness"),
         {"A": 0.71, "B": 0.63}, (60, 34, 6, 0), (5, 60), (20, 120), ALL),
    Term("Paresthesia", ("Paresthesia", "Tingling of the fingers", "Numbness of hands and feet"),
         {"A": 0.45, "B": 0.40}, (72, 26, 2, 0), (8, 110), (30, 200), (LENVATINIB, OXALIPLATIN)),
    Term("Mucositis oral", ("Gingivitis", "Swollen gums", "Mouth ulcers"),
         {"A": 0.45, "B": 0.20}, (66, 32, 2, 0), (10, 90), (7, 35), (LENVATINIB, GEMCITABINE), "Mouthwash"),
    Term("Hypertension", ("Hypertension", "Raised blood pressure"),
         {"A": 0.40, "B": 0.33}, (10, 64, 26, 0), (7, 60), (30, 300), (LENVATINIB,),
         "Amlodipine 5 mg once a day"),
    Term("Palmar-plantar erythrodysesthesia syndrome", ("Hand-foot syndrome", "Painful red palms"),
         {"A": 0.30, "B": 0.22}, (50, 38, 12, 0), (14, 90), (14, 80), (LENVATINIB,), "Urea cream"),
    Term("Diarrhea", ("Diarrhea", "Loose stools"),
         {"A": 0.35, "B": 0.30}, (60, 30, 10, 0), (6, 150), (3, 21), (TORIPALIMAB, LENVATINIB), "Loperamide"),
    Term("Nausea", ("Nausea",),
         {"A": 0.22, "B": 0.62}, (62, 36, 2, 0), (1, 60), (3, 14), (LENVATINIB, *CHEMOTHERAPY),
         "Ondansetron"),
    Term("Vomiting", ("Vomiting",),
         {"A": 0.10, "B": 0.34}, (62, 32, 6, 0), (1, 90), (1, 6), (LENVATINIB, *CHEMOTHERAPY)),
    Term("Anorexia", ("Loss of appetite", "Poor appetite"),
         {"A": 0.36, "B": 0.45}, (62, 34, 4, 0), (4, 80), (14, 90), ALL),
    Term("Constipation", ("Constipation",),
         {"A": 0.12, "B": 0.25}, (80, 20, 0, 0), (2, 120), (4, 30), CHEMOTHERAPY),
    Term("Proteinuria", ("Protein in urine",),
         {"A": 0.24, "B": 0.20}, (52, 40, 8, 0), (21, 130), (20, 90), (LENVATINIB,)),
    Term("Hypothyroidism", ("Hypothyroidism", "Underactive thyroid"),
         {"A": 0.30, "B": 0.10}, (38, 62, 0, 0), (42, 160), (90, 400), (TORIPALIMAB, LENVATINIB),
         "Levothyroxine 50 ug once a day"),
    Term("Rash maculo-papular", ("Rash", "Itchy rash on the trunk"),
         {"A": 0.26, "B": 0.12}, (60, 30, 10, 0), (10, 140), (7, 40), (TORIPALIMAB, GEMCITABINE),
         "Topical corticosteroid"),
    Term("Pruritus", ("Itching",),
         {"A": 0.18, "B": 0.08}, (75, 25, 0, 0), (10, 140), (7, 60), (TORIPALIMAB,)),
    Term("Hoarseness", ("Hoarse voice",),
         {"A": 0.16, "B": 0.10}, (90, 10, 0, 0), (10, 70), (30, 150), (LENVATINIB,)),
    Term("Fever", ("Fever",),
         {"A": 0.14, "B": 0.22}, (66, 34, 0, 0), (2, 160), (1, 5), (TORIPALIMAB, *CHEMOTHERAPY)),
    Term("Abdominal pain", ("Abdominal pain", "Pain in the right upper abdomen"),
         {"A": 0.26, "B": 0.23}, (55, 35, 10, 0), (5, 200), (5, 40), ()),
    Term("Weight loss", ("Loss of weight",),
         {"A": 0.22, "B": 0.18}, (60, 40, 0, 0), (30, 150), (60, 200), (LENVATINIB,)),
    Term("Pneumonitis", ("Pneumonitis",),
         {"A": 0.05, "B": 0.0}, (10, 50, 40, 0), (50, 200), (25, 60), (TORIPALIMAB,),
         "Prednisone 1 mg/kg, tapered"),
    Term("Gastric hemorrhage", ("Gastric bleeding",),
         {"A": 0.03, "B": 0.04}, (0, 30, 70, 0), (40, 200), (4, 12), (LENVATINIB,),
         "Endoscopic hemostasis, proton pump inhibitor"),
    Term("Biliary tract infection", ("Cholangitis", "Infection of the bile ducts"),
         {"A": 0.08, "B": 0.08}, (0, 20, 70, 10), (20, 220), (7, 21), (), "Intravenous antibiotics"),
)
# fmt: on

SERIOUS_FROM_GRADE = {"Gastric hemorrhage": 2, "Pneumonitis": 3, "Biliary tract infection": 3}
RELATED = ("DEFINITELY RELATED", "PROBABLY RELATED", "POSSIBLY RELATED")
NOT_RELATED = ("UNLIKELY RELATED", "UNRELATED")
RECOVERED, NOT_RECOVERED = "RECOVERED/RESOLVED", "NOT RECOVERED/NOT RESOLVED"
NOT_CHANGED, INTERRUPTED, REDUCED, WITHDRAWN = (
    "DOSE NOT CHANGED",
    "DRUG INTERRUPTED",
    "DOSE REDUCED",
    "DRUG WITHDRAWN",
)


@dataclass(frozen=True)
class Happening:
    """One adverse event of one life; `ended` None while it lasts. Dates are true, not as reported."""

    reported: str
    ctcae: str
    grade: int
    started: date
    ended: date | None
    serious: bool
    drugs: dict[str, tuple[str, str]] = field(default_factory=dict)
    treatment: str = ""
    known_to_month: bool = False

    def started_as_reported(self) -> str:
        return self.started.isoformat()[: 7 if self.known_to_month else 10]


def draw_happenings(plan: Plan, first_dose: date, last_day: date) -> list[Happening]:
    """The events of one life between first dose and the end of observation, by day of start."""
    draw = plan.draws("adverse events")
    happened = [
        _draw_one(term, plan, first_dose, last_day, draw)
        for term in TERMS
        if draw.random() < _chance(term, plan)
    ]
    return sorted((each for each in happened if each is not None), key=lambda each: each.started)


def _chance(term: Term, plan: Plan) -> float:
    driven = {
        "Hypertension": plan.response.pressure,
        "Proteinuria": plan.response.proteinuria,
        "Hypothyroidism": plan.response.thyroid,
    }
    if term.ctcae in driven:
        # Readings and results of the same life show the same.
        return 0.9 if driven[term.ctcae] and term.share[plan.arm] else 0.02
    return term.share[plan.arm]


def _draw_one(
    term: Term, plan: Plan, first_dose: date, last_day: date, draw: random.Random
) -> Happening | None:
    started = first_dose + timedelta(days=draw.randint(*term.onset))
    ended = started + timedelta(days=draw.randint(*term.lasts))
    grade = draw.choices((1, 2, 3, 4), weights=term.grades)[0]
    drugs = {drug: _relation(drug, term, grade, draw) for drug in DRUGS[plan.arm]}
    reported, vague = draw.choice(term.reported), grade == 1 and draw.random() < 0.15
    if started > last_day:
        return None
    return Happening(
        reported=reported,
        ctcae=term.ctcae,
        grade=grade,
        started=started,
        ended=ended if ended <= last_day else None,
        serious=grade >= SERIOUS_FROM_GRADE.get(term.ctcae, 4),
        drugs=drugs,
        treatment=term.treatment if grade > 1 or term.ctcae == "Hypertension" else "",
        known_to_month=vague,
    )


def _relation(drug: str, term: Term, grade: int, draw: random.Random) -> tuple[str, str]:
    """Causality and action for one drug."""
    if drug not in term.culprits:
        return draw.choices(NOT_RELATED, weights=(1, 3))[0], NOT_CHANGED
    causality = draw.choices(RELATED, weights=(1, 4, 5))[0]
    return causality, draw.choices(CHOICES, weights=ACTIONS[drug][grade])[0]


CHOICES = (NOT_CHANGED, INTERRUPTED, REDUCED)
ACTIONS: dict[str, dict[int, tuple[int, int, int]]] = {
    # weights of the three choices by grade; an antibody is held, never reduced
    LENVATINIB: {1: (97, 3, 0), 2: (74, 16, 10), 3: (0, 55, 45), 4: (0, 40, 60)},
    TORIPALIMAB: {1: (100, 0, 0), 2: (88, 12, 0), 3: (40, 60, 0), 4: (0, 100, 0)},
    OXALIPLATIN: {1: (100, 0, 0), 2: (84, 0, 16), 3: (0, 0, 100), 4: (0, 0, 100)},
    GEMCITABINE: {1: (100, 0, 0), 2: (90, 0, 10), 3: (20, 0, 80), 4: (0, 0, 100)},
}
