"""A study whose randomization is stratified, with a sealed list of known slots in each stratum."""

from typing import Any

from patients.actions.save_form import change_form
from patients.models import EcogAssessment, Subject
from tests.factories import make_site, make_study, person, save, screened_subject
from trials.actions.randomization_list import import_list
from trials.clinical.stratification import SETTING
from trials.models import RandomizationList, Role, Site, Study, StudySetting, User

BY_ECOG = {
    "code": "ECOG",
    "title": "Performance status",
    "form": "ECOG",
    "field": "grade",
    "levels": [
        {"code": "0", "title": "ECOG 0", "values": ["0"]},
        {"code": "1", "title": "ECOG 1", "values": ["1"]},
    ],
}
BY_WEIGHT = {
    "code": "WT",
    "form": "VS",
    "field": "weight",
    "levels": [{"code": "LOW", "below": 60}, {"code": "HIGH", "at_least": 60}],
}
BY_SITE = {
    "code": "SITE",
    "form": "SUBJECT",
    "field": "site",
    "levels": [{"code": "ZS", "values": ["ZS"]}, {"code": "PK", "values": ["PK"]}],
}


def stratify(study: Study, *factors: dict[str, Any]) -> Study:
    """State the factors as data of the study."""
    stated = {"value": list(factors), "default": [], "description": "Factors"}
    save(study.chain, StudySetting(study=study, key=SETTING, **stated))
    return study


def stratified_site(*factors: dict[str, Any]) -> Site:
    return make_site(stratify(make_study(), *(factors or (BY_ECOG,))))


def keeper_of(study: Study) -> User:
    return person(Role.RANDOMIZATION_KEEPER, study)


def sealed_list(
    study: Study, arms: dict[str, str], name: str = "list 1", keeper: User | None = None
) -> RandomizationList:
    """A sealed, published list with these arms in each stratum, e.g. {"ECOG=0": "AB", "ECOG=1": "BA"}."""
    rows = [
        {"number": number, "stratum": stratum, "arm": arm}
        for stratum, codes in arms.items()
        for number, arm in enumerate(codes, 1)
    ]
    return import_list(actor=keeper or keeper_of(study), study=study, name=name, rows=rows)


def screened_in(coordinator: User, site: Site, grade: str, **measured: str) -> Subject:
    """A screened subject with this performance status."""
    subject = screened_subject(coordinator, site, **measured)
    if grade != "1":
        regrade(coordinator, subject, grade)
    return subject


def regrade(coordinator: User, subject: Subject, grade: str | None) -> None:
    form = EcogAssessment.objects.get(subject=subject)
    change_form(actor=coordinator, record=form, version=form.version, reason="misread", data={"grade": grade})
