"""What derivations read, kept for as long as nothing they read is written."""

from collections.abc import Iterable, Mapping
from typing import Any

from patients.models import Demographics, Subject
from patients.selectors import demographics_of
from trials.models import LabTest, LabUnit, ReferenceRange, StudySetting
from trials.models.dictionary import DictionaryTerm
from trials.terminology.lookup import ctcae_terms, lowest_level_term, meddra_version, term_of


class Known:
    """Each thing is read once, however many forms ask: 500 imported samples read a test once, not 500 times.

    Made anew for each act, and used only before it writes. `proposals`: terms near to a text that is none.
    """

    def __init__(self) -> None:
        self._demographics: dict[int, Demographics | None] = {}
        self._tests: dict[int, LabTest] = {}
        self._units: dict[int, set[str]] = {}
        self._ranges: dict[tuple[int, int], list[ReferenceRange]] = {}
        self._seen: set[tuple[str, int]] = set()
        self._settings: dict[tuple[int, str], Any] = {}
        self._ctcae: dict[tuple[str, str], DictionaryTerm | None] = {}
        self._ctcae_words: dict[str, dict[str, str]] = {}
        self.proposals: dict[str, list[str]] = {}
        self._meddra: dict[tuple[str, int], DictionaryTerm | None] = {}
        self._meddra_version: list[str | None] = []

    def demographics(self, subject: Subject) -> Demographics | None:
        if subject.pk not in self._demographics:
            self._demographics[subject.pk] = demographics_of(subject)
        return self._demographics[subject.pk]

    def is_first(self, what: str, key: int) -> bool:
        """Whether nothing else in this act was this of that record: one import may bring two of them."""
        seen = (what, key) in self._seen
        self._seen.add((what, key))
        return not seen

    def setting(self, study: int, key: str) -> Any:
        """The value of a setting of the study (its key); None where it has none."""
        if (study, key) not in self._settings:
            found = StudySetting.objects.filter(study_id=study, key=key).values_list("value", flat=True)
            self._settings[study, key] = found.first()
        return self._settings[study, key]

    def ctcae_term(self, version: str, text: str) -> DictionaryTerm | None:
        if (version, text) not in self._ctcae:
            self._ctcae[version, text] = term_of(version, text)
        return self._ctcae[version, text]

    def ctcae_words(self, version: str) -> Mapping[str, str]:
        """Every term of this version by its folded text; empty where the version is not loaded."""
        if version not in self._ctcae_words:
            self._ctcae_words[version] = dict(ctcae_terms(version).values_list("folded", "term"))
        return self._ctcae_words[version]

    def meddra_version(self) -> str | None:
        if not self._meddra_version:
            self._meddra_version.append(meddra_version())
        return self._meddra_version[0]

    def meddra_term(self, version: str, code: int) -> DictionaryTerm | None:
        if (version, code) not in self._meddra:
            self._meddra[version, code] = lowest_level_term(version, code)
        return self._meddra[version, code]

    def tests(self, keys: Iterable[int]) -> dict[int, LabTest]:
        """The tests of these keys."""
        wanted = set(keys)
        if missing := wanted - self._tests.keys():
            self._tests |= LabTest.objects.in_bulk(missing)
        return {key: self._tests[key] for key in wanted if key in self._tests}

    def units(self, tests: Mapping[int, LabTest]) -> dict[int, set[str]]:
        """The units that each test may be reported in, its preferred one among them."""
        if missing := tests.keys() - self._units.keys():
            self._units |= {key: {tests[key].unit} - {""} for key in missing}
            for key, code in LabUnit.objects.filter(test_id__in=missing).values_list("test_id", "code"):
                self._units[key].add(code)
        return {key: self._units[key] for key in tests}

    def ranges(self, laboratory: int, tests: Iterable[int]) -> list[ReferenceRange]:
        """All ranges of these tests at a laboratory, of any day."""
        places = {(laboratory, test) for test in tests}
        if missing := places - self._ranges.keys():
            self._ranges |= {place: [] for place in missing}
            wanted = {test for _laboratory, test in missing}
            for each in ReferenceRange.objects.filter(laboratory_id=laboratory, test_id__in=wanted):
                self._ranges[laboratory, each.test_id].append(each)
        return [each for place in places for each in self._ranges[place]]
