"""MedDRA, where a site has licensed it: loaded from its files. The dictionary of these tests is invented."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.factories import make_study, person
from tests.trials.terminology import INVENTED, medascii
from trials.actions.dictionary import load_meddra
from trials.actions.errors import ReasonRequired, Refused
from trials.models import AuditEvent, Dictionary, DictionaryTerm, Role, TermLevel, User
from trials.roles import NotPermitted
from trials.terminology import medascii as reader
from trials.terminology.entries import DictionaryError
from trials.terminology.lookup import lowest_level_term, meddra_version

pytestmark = pytest.mark.django_db
LLT = INVENTED["llt.asc"]


@pytest.fixture
def system() -> User:
    return User.objects.system_user()


def load(system: User, directory: Path, version: str = "1.0", reason: str = "", **files: Any) -> Any:
    return load_meddra(
        actor=system, version=version, directory=medascii(directory / version, **files), reason=reason
    )


def test_a_lowest_level_term_leads_to_its_preferred_term_and_primary_class(system, tmp_path):
    report = load(system, tmp_path)
    assert (report.created, report.changed) == (8, 0)
    found = lowest_level_term("1.0", 92000002)
    assert (found.term, found.parent.term) == ("Elbow aglow", "Glow of the elbow")
    assert (found.parent.code, found.system_organ_class) == ("91000001", "Disorders of invented organs")
    assert found.parent.parent.level == TermLevel.SYSTEM_ORGAN_CLASS
    assert (found.parent.high_level_term, found.parent.high_level_group_term) == (
        "Elbow lights",
        "Limb lights",
    )


def test_a_distribution_without_its_hierarchy_of_high_level_terms_is_loaded_without_them(system, tmp_path):
    load(system, tmp_path, mdhier_asc=None)
    assert lowest_level_term("1.0", "92000001").parent.high_level_term == ""


def test_terms_that_are_used_no_more_are_kept_and_say_so(system, tmp_path):
    load(system, tmp_path)
    assert not lowest_level_term("1.0", 92000003).is_current


def test_versions_stand_side_by_side_and_the_newest_is_known(system, tmp_path):
    assert meddra_version() is None
    for version in ("9.1", "10.0"):
        load(system, tmp_path, version)
    assert meddra_version() == "10.0"
    assert lowest_level_term("9.1", 92000001) != lowest_level_term("10.0", 92000001)
    assert lowest_level_term("8.0", 92000001) is None


def test_loading_again_writes_nothing(system, tmp_path):
    load(system, tmp_path)
    events = AuditEvent.objects.count()
    again = load(system, tmp_path)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 8)
    assert AuditEvent.objects.count() == events


def test_a_term_that_differs_is_changed_with_a_reason_only(system, tmp_path):
    load(system, tmp_path)
    changed = [LLT[0], LLT[1].replace("91000001", "91000002"), *LLT[2:]]
    with pytest.raises(ReasonRequired):
        load(system, tmp_path, llt_asc=changed)
    report = load(system, tmp_path, reason="Files were mended", llt_asc=changed)
    assert report.changed == 1
    assert lowest_level_term("1.0", 92000002).parent.term == "Whistling hair"
    assert lowest_level_term("1.0", 92000002).system_organ_class == "Made-up findings"


def test_a_term_is_never_removed(system, tmp_path):
    load(system, tmp_path)
    with pytest.raises(Refused, match="“Whistling hair” is stored and missing from the files"):
        load(system, tmp_path, reason="Files were mended", llt_asc=LLT[:3])


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ({"llt_asc": None}, "llt.asc: cannot be opened"),
        ({"pt_asc": None}, "pt.asc: cannot be opened"),
        ({"soc_asc": []}, "soc.asc: holds no terms"),
        ({"llt_asc": ["92000001$Glow"]}, "llt.asc, line 1: has 2 fields, not 10 or more"),
        ({"llt_asc": [LLT[0], LLT[0]]}, "llt.asc, line 2, field 1: code 92000001 comes twice"),
        ({"llt_asc": [LLT[0].replace("92000001", "9200000A")]}, "llt.asc, line 1, field 1: is no code"),
        ({"llt_asc": [LLT[0].replace("$Glow of the elbow$", "$ $")]}, "llt.asc, line 1, field 2: is no name"),
        (
            {"llt_asc": [LLT[0].replace("91000001", "91000009")]},
            "llt.asc, line 1, field 3: preferred term 91000009 is not there",
        ),
        ({"llt_asc": [LLT[0].replace("$Y$", "$X$")]}, "llt.asc, line 1, field 10: is neither Y nor N"),
        (
            {"pt_asc": ["91000001$Glow$$90000009$$$"]},
            "pt.asc, line 1, field 4: system organ class 90000009 is not there",
        ),
        ({"llt_asc": ["x" * 3000]}, "llt.asc, line 1: is too long"),
    ],
)
def test_a_fault_is_told_by_file_line_and_field_and_nothing_is_stored(files, fault, system, tmp_path):
    with pytest.raises(DictionaryError) as refused:
        load(system, tmp_path, **files)
    assert fault in str(refused.value)
    assert not Dictionary.objects.exists()
    assert not DictionaryTerm.objects.exists()


def test_files_are_utf_8_and_bounded(system, tmp_path, monkeypatch):
    directory = medascii(tmp_path / "files")
    (directory / "soc.asc").write_bytes("90000001$Störung$S$\n".encode("latin-1"))
    with pytest.raises(DictionaryError, match=r"soc.asc: is not in UTF-8"):
        load_meddra(actor=system, version="1.0", directory=directory)
    monkeypatch.setattr(reader, "MAX_BYTES", 10)
    with pytest.raises(DictionaryError, match=r"soc.asc: is larger than"):
        load_meddra(actor=system, version="1.0", directory=directory)


@pytest.mark.parametrize("version", ["", "twenty-seven", "27.", "1" * 21])
def test_a_version_is_a_number(version, system, tmp_path):
    with pytest.raises(Refused, match="version"):
        load_meddra(actor=system, version=version, directory=medascii(tmp_path / "files"))


def test_only_who_may_load_protocol_data_loads_it(system, tmp_path):
    with pytest.raises(NotPermitted):
        load(person(Role.DATA_MANAGER, make_study()), tmp_path)


def test_the_command_loads_a_directory(system, tmp_path):
    out = StringIO()
    directory = str(medascii(tmp_path / "files"))
    call_command("load_meddra", directory, "--version", "1.0", stdout=out)
    assert out.getvalue() == "MEDDRA 1.0: 8 terms new, 0 changed, 0 unchanged\n"
    with pytest.raises(CommandError, match="Nothing was loaded.\n.*is no version"):
        call_command("load_meddra", directory, "--version", "new")
    with pytest.raises(CommandError, match="soc.asc: cannot be opened"):
        call_command("load_meddra", str(tmp_path / "absent"), "--version", "2.0")
