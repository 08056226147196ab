"""More laboratory tests for the small study, and samples of them."""

from decimal import Decimal
from typing import Any

from patients.actions.save_form import create_form
from patients.models import LabSample, Subject, Visit
from tests.factories import save
from trials.models import Laboratory, LabTest, LabUnit, ReferenceRange, Study, StudySetting, User

# code, unit, panel, limits of normal
TESTS = (
    ("NEUT", "10*9/L", "HEMATOLOGY", "1.8", "6.3"),
    ("PLAT", "10*9/L", "HEMATOLOGY", "125", "350"),
    ("PROT", "", "URINALYSIS", None, None),
    ("PROTEXR", "g/(24.h)", "URINALYSIS", None, "0.15"),
    ("HBSAG", "", "VIROLOGY", None, None),
    ("TSH", "m[IU]/L", "THYROID", "0.27", "4.2"),
    ("T4FR", "pmol/L", "THYROID", "12", "22"),
    ("HCG", "m[IU]/mL", "PREGNANCY", None, "5"),
    ("AST", "U/L", "CHEMISTRY", "15", "40"),
    ("ALP", "U/L", "CHEMISTRY", "45", "125"),
    ("BILI", "umol/L", "CHEMISTRY", "3.4", "20"),
)


def add_tests(study: Study) -> None:
    """The tests above, with ranges at the laboratory of the study, valid since 2019."""
    laboratory = Laboratory.objects.get(study=study)
    for order, (code, unit, panel, low, high) in enumerate(TESTS, start=10):
        word = "NEGATIVE" if code in ("PROT", "HBSAG") else ""
        test = LabTest(
            study=study, code=code, name=code, panel=panel, unit=unit, order=order, normal_word=word
        )
        save(study.chain, test)
        if code in ("NEUT", "PLAT"):
            save(study.chain, LabUnit(study=study, test=test, code="10*3/uL"))
        if high is not None:
            limits = {"low": None if low is None else Decimal(low), "high": Decimal(high)}
            valid = {"valid_from": "2019-01-01", "study": study, "laboratory": laboratory}
            save(study.chain, ReferenceRange(test=test, unit=unit, **limits, **valid))


def set_study(study: Study, **settings: Any) -> None:
    """Settings of the study, as its protocol would give them."""
    save(
        study.chain,
        *[
            StudySetting(study=study, key=key, value=value, default=value, description=key)
            for key, value in settings.items()
        ],
    )


def sampled(
    actor: User, subject: Subject, day: str, *results: tuple[str, ...], visit: str = "SCR", **data: Any
) -> LabSample:
    """A sample of a day with results of (test, value, unit)."""
    lines = [dict(zip(("test", "value", "unit"), result, strict=False)) for result in results]
    return create_form(
        actor=actor,
        form=LabSample,
        subject=subject,
        visit=Visit.objects.get(subject=subject, code=visit),
        data={"collected_on": day, "laboratory": "ZS-LAB"} | data,
        rows={"results": lines},
    )
