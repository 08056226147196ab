"""Fixed points of the demonstration: who works there, from when to when, and the seed of every life."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from django.conf import settings

from trials.models import Role

SEED = "icc-ecrf demonstration 1"
"""Every life is drawn from this text and its own number; nothing secret is derived from it."""

STUDY_CODE = "zs-ICC-2020"
SITE = "ZS"
SECOND_SITE = "SY"

OPENED_AT = datetime(2020, 1, 2, 1, 0, tzinfo=UTC)
ROLES_FROM = date(2020, 1, 1)
FIRST_SCREENING = date(2020, 3, 9)
LAST_SCREENING = date(2021, 6, 7)
CUT_OFF = date(2023, 9, 1)

RANDOMIZED = 61
ARMS = ("A", "B")
LARGER_ARM = "A"
"""The arm of the last, odd place."""
ARM_SEQUENCE_BLOCK = 4

PASSWORD = "demo-zs-ICC-2020"  # noqa: S105  (public: the README says it; demo settings only)


@dataclass(frozen=True)
class Colleague:
    """An account of the demonstration; `site` empty means the whole study."""

    username: str
    full_name: str
    role: Role
    site: str = ""


COLLEAGUES = (
    Colleague("investigator", "Demo investigator", Role.INVESTIGATOR, SITE),
    Colleague("coordinator", "Demo coordinator", Role.COORDINATOR, SITE),
    Colleague("monitor", "Demo monitor", Role.MONITOR, SITE),
    Colleague("datamanager", "Demo data manager", Role.DATA_MANAGER),
    Colleague("statistician", "Demo statistician", Role.STATISTICIAN),
    Colleague("keeper", "Demo keeper of the randomization list", Role.RANDOMIZATION_KEEPER),
    Colleague("administrator", "Demo administrator", Role.ADMINISTRATOR),
    Colleague("outsider", "Demo coordinator of another site", Role.COORDINATOR, SECOND_SITE),
    Colleague("principal", "Demo principal investigator", Role.INVESTIGATOR),
)


def fixture_path() -> Path:
    """Where the checkout keeps the demonstration."""
    return Path(settings.BASE_DIR) / "fixtures" / "demo.jsonl.gz"
