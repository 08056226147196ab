"""The tumor of one life at baseline: where it sits, what is measured, what is only looked at."""

import random
from dataclasses import dataclass

from ecrf.demo.outcomes import Seen
from ecrf.demo.plans import Fate, Plan

LIVER, NODE, LUNG, PERITONEUM, ADRENAL, BONE = (
    "LIVER",
    "LYMPH NODE",
    "LUNG",
    "PERITONEUM",
    "ADRENAL GLAND",
    "BONE",
)
UNRESECTABLE, METASTATIC, RECURRENT = "UNRESECTABLE", "METASTATIC", "RECURRENT"

SITES = {
    LIVER: (
        "Segment IV",
        "Segment V",
        "Segment VI",
        "Segment VII",
        "Segment VIII",
        "Segment II",
        "Segment III",
    ),
    NODE: ("Hepatoduodenal ligament", "Behind the head of the pancreas", "Left para-aortic", "Celiac trunk"),
    LUNG: ("Right lower lobe", "Left lower lobe", "Right upper lobe", "Left upper lobe"),
    PERITONEUM: ("Right paracolic gutter", "Pelvis", "Greater omentum, left"),
    ADRENAL: ("Right", "Left"),
    BONE: ("Lumbar vertebra 2", "Left iliac bone"),
}

# fmt: off
SPREAD = {
    # extent: organ, share of lives that have a target there, smallest and largest diameter in mm
    UNRESECTABLE: ((LIVER, 1.0, (46, 118)), (LIVER, 0.45, (14, 42)), (NODE, 0.40, (16, 30)),
                   (NODE, 0.10, (15, 22))),
    METASTATIC: ((LIVER, 1.0, (32, 96)), (LIVER, 0.50, (12, 40)), (NODE, 0.45, (16, 32)),
                 (LUNG, 0.55, (11, 24)), (PERITONEUM, 0.25, (14, 36)), (ADRENAL, 0.15, (16, 34))),
    RECURRENT: ((LIVER, 1.0, (14, 48)), (LIVER, 0.55, (11, 30)), (NODE, 0.45, (15, 26)),
                (LUNG, 0.35, (10, 20))),
}
LOOKED_AT = {
    # extent: non-target lesions, organ and share of lives that have one there
    UNRESECTABLE: ((LIVER, 0.45), (NODE, 0.35)),
    METASTATIC: ((LUNG, 0.40), (NODE, 0.35), (PERITONEUM, 0.30), (BONE, 0.12), (LIVER, 0.30)),
    RECURRENT: ((LIVER, 0.40), (NODE, 0.35), (LUNG, 0.20)),
}
# fmt: on

EXTENTS = ((UNRESECTABLE, 44), (METASTATIC, 38), (RECURRENT, 18))
NO_MEASURABLE_LESION = "I8"
MRI_SHARE = 0.12
BECOMES_TOO_SMALL = {47}
"""Numbers of the lives with a small lesion of the lung that treatment makes too small to measure."""
ORDER = (LIVER, NODE, LUNG, PERITONEUM, ADRENAL, BONE)


@dataclass(frozen=True)
class Lesion:
    """A lesion. `size` in mm, of a node its short axis; None for one that is not measured."""

    label: str
    role: str
    organ: str
    site: str
    size: int | None = None

    @property
    def is_node(self) -> bool:
        """Whether its short axis is what counts."""
        return self.organ == NODE


@dataclass(frozen=True)
class Tumor:
    """What the baseline scan shows. `method` is kept for every later scan."""

    extent: str
    method: str
    targets: tuple[Lesion, ...]
    non_targets: tuple[Lesion, ...]

    @property
    def baseline(self) -> int:
        """The sum of the diameters in mm."""
        return sum(lesion.size or 0 for lesion in self.targets)

    @property
    def organs(self) -> set[str]:
        """Every organ with a lesion."""
        return {lesion.organ for lesion in (*self.targets, *self.non_targets)}


def draw_tumor(plan: Plan) -> Tumor:
    """The tumor of a life; the same whenever it is asked for."""
    draw = plan.draws("lesions")
    extent = _extent(plan, draw)
    sites = {organ: draw.sample(names, len(names)) for organ, names in SITES.items()}
    measured = [
        (organ, draw.randint(*sizes)) for organ, share, sizes in SPREAD[extent] if draw.random() < share
    ]
    seen = [organ for organ, share in LOOKED_AT[extent] if draw.random() < share]
    if plan.failing_rule == NO_MEASURABLE_LESION:
        measured, seen = [], [LIVER]
    if _needs(plan, Seen.RESECTED):
        measured, seen = [each for each in measured if each[0] in (LIVER, NODE)][:2], []
    if _needs(plan, Seen.COMPLETE):
        measured, seen = [(LIVER, draw.randint(26, 38)), (NODE, draw.randint(16, 20))], [NODE]
    if plan.number in BECOMES_TOO_SMALL:
        measured.append((LUNG, 10))
    if _needs(plan, Seen.NON_TARGET_GROWTH) and not seen:
        seen = [LIVER]
    measured.sort(key=lambda each: (ORDER.index(each[0]), -each[1]))
    targets = [
        Lesion(f"T{place}", "TARGET", organ, sites[organ].pop(), size)
        for place, (organ, size) in enumerate(measured[:5], 1)
    ]
    non_targets = [
        Lesion(f"NT{place}", "NON-TARGET", organ, sites[organ].pop()) for place, organ in enumerate(seen, 1)
    ]
    return Tumor(
        extent, "MRI" if draw.random() < MRI_SHARE else "CT SCAN", tuple(targets), tuple(non_targets)
    )


def new_lesion(plan: Plan, tumor: Tumor) -> Lesion:
    """Where progression shows itself first, where it does so by a new lesion."""
    draw = plan.draws("new lesion")
    organ = draw.choice((LIVER, LIVER, LUNG, PERITONEUM, BONE))
    known = {lesion.site for lesion in (*tumor.targets, *tumor.non_targets) if lesion.organ == organ}
    return Lesion("N1", "NEW", organ, draw.choice([site for site in SITES[organ] if site not in known]))


def _extent(plan: Plan, draw: random.Random) -> str:
    if _needs(plan, Seen.RESECTED):
        return UNRESECTABLE
    return draw.choices([name for name, _ in EXTENTS], weights=[weight for _, weight in EXTENTS])[0]


def _needs(plan: Plan, seen: Seen) -> bool:
    return plan.fate is Fate.RANDOMIZED and any(look.seen is seen for look in plan.outcome.looks)
