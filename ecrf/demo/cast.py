"""What every life needs to know of the study: people, sites, visits, tests, ranges, criteria."""

from dataclasses import dataclass, field
from datetime import date

from ecrf.demo.world import COLLEAGUES
from patients.selectors import choose_range
from trials.clinical.laboratory_value import flag, parse_result
from trials.models import (
    AtomicCriterion,
    Laboratory,
    LabTest,
    ReferenceRange,
    Role,
    ScheduledForm,
    Site,
    Study,
    User,
)


@dataclass
class Cast:
    """Read once from the loaded protocol."""

    study: Study
    people: dict[str, User]
    sites: dict[str, Site] = field(init=False)
    laboratories: dict[str, Laboratory] = field(init=False)
    tests: dict[str, LabTest] = field(init=False)
    rules: list[AtomicCriterion] = field(init=False)
    forms_due: dict[str, list[ScheduledForm]] = field(init=False)
    _ranges: dict[tuple[str, str], list[ReferenceRange]] = field(init=False)

    def __post_init__(self) -> None:
        study = self.study
        self.sites = {site.code: site for site in Site.objects.filter(study=study).select_related("study")}
        self.laboratories = {
            each.site.code: each for each in Laboratory.objects.filter(study=study).select_related("site")
        }
        self.tests = {test.code: test for test in LabTest.objects.filter(study=study)}
        self.rules = list(AtomicCriterion.objects.filter(study=study).select_related("criterion"))
        self.forms_due = {}
        due = ScheduledForm.objects.filter(study=study).select_related("visit").order_by("visit__order", "pk")
        for each in due:
            self.forms_due.setdefault(each.visit.code, []).append(each)
        self._ranges = {}
        ranges = (
            ReferenceRange.objects.filter(study=study).select_related("laboratory", "test").order_by("pk")
        )
        for found in ranges:
            self._ranges.setdefault((found.laboratory.code, found.test.code), []).append(found)

    def coordinator_of(self, site: str) -> User:
        return self._of(site, Role.COORDINATOR)

    def investigator_of(self, site: str) -> User:
        return self._of(site, Role.INVESTIGATOR)

    def _of(self, site: str, role: Role) -> User:
        here = [each for each in COLLEAGUES if each.site == site]
        chosen = next((each for each in here if each.role == role), here[0])
        return self.people[chosen.username]

    def unit_of(self, site: str, test: str) -> str:
        """The unit in which the site's laboratory reports a test."""
        ranges = self._ranges.get((self.laboratories[site].code, test), [])
        return ranges[0].unit if ranges else self.tests[test].unit

    def is_abnormal(self, site: str, test: str, text: str, sex: str, age: int, day: date) -> bool:
        """What the server will flag: the range of the day for this sex and age decides."""
        ranges = [
            each
            for each in self._ranges.get((self.laboratories[site].code, test), [])
            if each.valid_from <= day and (each.valid_to is None or day <= each.valid_to)
        ]
        chosen = choose_range(ranges, sex, (age, age))
        low, high = (chosen.low, chosen.high) if chosen else (None, None)
        return flag(parse_result(text), low, high, self.tests[test].normal_word) not in ("", "NORMAL")
