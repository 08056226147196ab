"""Sex as the clinical formulas need it (CDISC codelist SEX, C66731)."""

from enum import StrEnum


class Sex(StrEnum):
    """Submission values of the CDISC codelist. Unknown (U) is not a member: give None instead.

    >>> Sex("F") is Sex.FEMALE
    True
    """

    FEMALE = "F"
    MALE = "M"
