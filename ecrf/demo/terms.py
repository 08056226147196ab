"""What treatment does to people, as tables: how often, how badly, and what is done about it.

The numbers of subjects with fatigue, paresthesia and gingivitis, and with related events of grade 3 and 4,
are chosen so that the safety of the demonstration is that of the trial; everything else makes a plausible
picture and is no result. Terms are those of CTCAE v5.0.
"""

from dataclasses import dataclass

TORIPALIMAB, LENVATINIB, OXALIPLATIN, GEMCITABINE = "TORIPALIMAB", "LENVATINIB", "OXALIPLATIN", "GEMCITABINE"
DRUGS = {"A": (TORIPALIMAB, LENVATINIB), "B": (LENVATINIB, OXALIPLATIN, GEMCITABINE)}
ALL = (TORIPALIMAB, LENVATINIB, OXALIPLATIN, GEMCITABINE)
CHEMOTHERAPY = (OXALIPLATIN, GEMCITABINE)
WITH_TORIPALIMAB = frozenset(arm for arm, drugs in DRUGS.items() if TORIPALIMAB in drugs)
WITH_CHEMOTHERAPY = frozenset(arm for arm, drugs in DRUGS.items() if set(CHEMOTHERAPY) <= set(drugs))
"""Arms by what they are given."""


@dataclass(frozen=True)
class Medicine:
    """A medicine given for an event: name, kind, dose, unit, frequency and route of the CRF."""

    name: str
    category: str
    dose: str
    unit: str
    frequency: str
    route: str = "ORAL"


@dataclass(frozen=True)
class Term:
    """One kind of event: subjects by arm, weights of grades 1 and 2, onset and duration in days.

    `medicine` is given from grade 2 on, or from 1 where `treats_mild`. `immune` where PD-1 blockade does it.
    """

    ctcae: str
    reported: tuple[str, ...]
    subjects: dict[str, int]
    grades: tuple[int, int]
    onset: tuple[int, int]
    lasts: tuple[int, int]
    culprits: tuple[str, ...]
    medicine: Medicine | None = None
    treats_mild: bool = False
    special: str = ""
    immune: bool = False


MOUTHWASH = Medicine("Chlorhexidine mouthwash", "SUPPORTIVE", "10", "mL", "TID", "OTHER")
AMLODIPINE = Medicine("Amlodipine", "ANTIHYPERTENSIVE", "5", "mg", "QD")
UREA = Medicine("Urea cream 10 %", "SUPPORTIVE", "1", "application", "BID", "TOPICAL")
LOPERAMIDE = Medicine("Loperamide", "SUPPORTIVE", "2", "mg", "PRN")
ONDANSETRON = Medicine("Ondansetron", "SUPPORTIVE", "8", "mg", "BID")
LEVOTHYROXINE = Medicine("Levothyroxine", "HORMONE REPLACEMENT", "50", "ug", "QD")
HYDROCORTISONE = Medicine("Hydrocortisone cream 1 %", "SUPPORTIVE", "1", "application", "BID", "TOPICAL")
CETIRIZINE = Medicine("Cetirizine", "SUPPORTIVE", "10", "mg", "QD")
IBUPROFEN = Medicine("Ibuprofen", "ANALGESIC", "300", "mg", "PRN")
LACTULOSE = Medicine("Lactulose", "SUPPORTIVE", "15", "mL", "BID")
PREDNISONE = Medicine("Prednisone", "STEROID", "60", "mg", "QD")
METHYLPREDNISOLONE = Medicine("Methylprednisolone", "STEROID", "80", "mg", "QD", "INTRAVENOUS")
OMEPRAZOLE = Medicine("Omeprazole", "SUPPORTIVE", "40", "mg", "BID", "INTRAVENOUS")
PIPERACILLIN = Medicine("Piperacillin and tazobactam", "ANTIBIOTIC", "4.5", "g", "TID", "INTRAVENOUS")
G_CSF = Medicine("Filgrastim", "G-CSF", "300", "ug", "QD", "SUBCUTANEOUS")
THROMBOPOIETIN = Medicine(
    "Recombinant human thrombopoietin", "THROMBOPOIETIC", "15000", "U", "QD", "SUBCUTANEOUS"
)
PLATELETS = Medicine("Apheresis platelets", "PLATELET TRANSFUSION", "1", "unit", "ONCE", "INTRAVENOUS")
RED_CELLS = Medicine("Packed red cells", "RED CELL TRANSFUSION", "2", "unit", "ONCE", "INTRAVENOUS")
GLUTATHIONE = Medicine("Reduced glutathione", "SUPPORTIVE", "1.2", "g", "QD", "INTRAVENOUS")

HAND_FOOT = "Palmar-plantar erythrodysesthesia syndrome"

# fmt: off
TERMS = (
    Term("Fatigue", ("Fatigue",), {"A": 22, "B": 19}, (66, 34), (5, 45), (20, 120), ALL),
    Term("Paresthesia", ("Paresthesia",), {"A": 14, "B": 12}, (74, 26), (8, 60), (30, 200),
         (LENVATINIB, OXALIPLATIN), special="NEUROPATHY"),
    Term("Periodontal disease", ("Gingivitis",), {"A": 14, "B": 6}, (68, 32), (10, 60), (7, 35),
         (LENVATINIB, GEMCITABINE), MOUTHWASH),
    Term("Hypertension", ("Hypertension", "Raised blood pressure"), {"A": 11, "B": 8}, (0, 100), (10, 60),
         (40, 300), (LENVATINIB,), AMLODIPINE, special="HYPERTENSION"),
    Term(HAND_FOOT, ("Hand-foot syndrome", "Painful red palms"),
         {"A": 9, "B": 6}, (58, 42), (14, 80), (14, 80), (LENVATINIB,), UREA, True,
         "HAND-FOOT SKIN REACTION"),
    Term("Diarrhea", ("Diarrhea", "Loose stools"), {"A": 10, "B": 8}, (66, 34), (6, 120), (3, 21),
         (TORIPALIMAB, LENVATINIB), LOPERAMIDE),
    Term("Nausea", ("Nausea",), {"A": 6, "B": 17}, (64, 36), (1, 50), (3, 14),
         (LENVATINIB, *CHEMOTHERAPY), ONDANSETRON, True),
    Term("Vomiting", ("Vomiting",), {"A": 3, "B": 9}, (66, 34), (1, 70), (1, 6), (LENVATINIB, *CHEMOTHERAPY)),
    Term("Anorexia", ("Loss of appetite", "Poor appetite"), {"A": 10, "B": 12}, (66, 34), (4, 70), (14, 90),
         ALL),
    Term("Constipation", ("Constipation",), {"A": 3, "B": 7}, (80, 20), (2, 90), (4, 30), CHEMOTHERAPY,
         LACTULOSE),
    Term("Hypothyroidism", ("Hypothyroidism", "Underactive thyroid"), {"A": 9, "B": 3}, (30, 70), (42, 130),
         (90, 400), (TORIPALIMAB, LENVATINIB), LEVOTHYROXINE, special="THYROID", immune=True),
    Term("Rash maculo-papular", ("Rash", "Itchy rash on the trunk"), {"A": 7, "B": 3}, (66, 34), (10, 120),
         (7, 40), (TORIPALIMAB, GEMCITABINE), HYDROCORTISONE, True, "SKIN", immune=True),
    Term("Pruritus", ("Itching",), {"A": 5, "B": 2}, (75, 25), (10, 120), (7, 60), (TORIPALIMAB,),
         CETIRIZINE),
    Term("Hoarseness", ("Hoarse voice",), {"A": 5, "B": 3}, (90, 10), (10, 60), (30, 150), (LENVATINIB,)),
    Term("Fever", ("Fever",), {"A": 4, "B": 6}, (70, 30), (2, 140), (1, 5), (TORIPALIMAB, *CHEMOTHERAPY),
         IBUPROFEN, True),
    Term("Abdominal pain", ("Abdominal pain", "Pain in the right upper abdomen"), {"A": 7, "B": 6}, (60, 40),
         (5, 160), (5, 40), (), IBUPROFEN),
    Term("Weight loss", ("Loss of weight",), {"A": 4, "B": 3}, (100, 0), (60, 130), (60, 200), (LENVATINIB,)),
    Term("Infusion related reaction", ("Infusion reaction",), {"A": 1, "B": 1}, (0, 100), (0, 0), (1, 1),
         (TORIPALIMAB, OXALIPLATIN), CETIRIZINE, special="INFUSION REACTION"),
    Term("Pneumonitis", ("Pneumonitis",), {"A": 0, "B": 0}, (100, 0), (60, 150), (28, 60), (TORIPALIMAB,),
         PREDNISONE, special="PNEUMONITIS", immune=True),
    Term("Colitis", ("Immune-mediated colitis",), {"A": 0, "B": 0}, (100, 0), (60, 150), (20, 40),
         (TORIPALIMAB,), METHYLPREDNISOLONE, special="COLITIS", immune=True),
    Term("Gastric hemorrhage", ("Gastric bleeding",), {"A": 0, "B": 0}, (0, 100), (40, 150), (4, 9),
         (LENVATINIB,), OMEPRAZOLE, special="HEMORRHAGE"),
    Term("Biliary tract infection", ("Cholangitis", "Infection of the bile ducts"), {"A": 0, "B": 0},
         (0, 100), (25, 160), (9, 18), (), PIPERACILLIN),
)

SEVERE = {
    # related events of grade 3 and 4, one for each of so many subjects
    "A": (("Hypertension", 3), ("Hypertension", 3), ("Hypertension", 3),
          (HAND_FOOT, 3), (HAND_FOOT, 3),
          ("Alanine aminotransferase increased", 3), ("Alanine aminotransferase increased", 3),
          ("Proteinuria", 3), ("Colitis", 3), ("Rash maculo-papular", 3), ("Pneumonitis", 3)),
    "B": (("Platelet count decreased", 4), ("Platelet count decreased", 4), ("Platelet count decreased", 3),
          ("Platelet count decreased", 3), ("Neutrophil count decreased", 4),
          ("Neutrophil count decreased", 3), ("Neutrophil count decreased", 3),
          ("Neutrophil count decreased", 3), ("Anemia", 3),
          ("Hypertension", 3), ("Hypertension", 3), ("Fatigue", 3)),
}
OTHERS = {
    # more events that are worth a report: unrelated cholangitis, a bleeding of grade 2, protein in the urine
    "A": (("Biliary tract infection", 3), ("Biliary tract infection", 3), ("Gastric hemorrhage", 2),
          ("Proteinuria", 2), ("Proteinuria", 2), ("Proteinuria", 1), ("Proteinuria", 1)),
    "B": (("Biliary tract infection", 3), ("Biliary tract infection", 3), ("Proteinuria", 2),
          ("Proteinuria", 1), ("Proteinuria", 1)),
}
# fmt: on

FROM_RESULTS = {
    "Alanine aminotransferase increased": "ALT",
    "Proteinuria": "PROT",
    "Platelet count decreased": "PLAT",
    "Neutrophil count decreased": "NEUT",
    "Anemia": "HGB",
}
"""Terms that a laboratory result makes, with the test: the event follows from the results."""

STOPPED_FOR = {57: ("Pneumonitis", 3), 25: ("Platelet count decreased", 4)}
"""Numbers of the lives whose treatment an event ended, and the event: one of the severe ones of their arm."""

SERIOUS = {"Pneumonitis", "Colitis", "Gastric hemorrhage", "Biliary tract infection"}
BY_CTCAE = {term.ctcae: term for term in TERMS}
