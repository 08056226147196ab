"""CTCAE as it comes with the software and as the spreadsheet of the NCI describes it."""

import zipfile
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.factories import make_study, person
from tests.trials.terminology import HEADINGS, Rows, sheet_rows, workbook
from trials.actions.dictionary import add_ctcae_descriptions, load_shipped_ctcae
from trials.actions.errors import ReasonRequired, Refused
from trials.clinical.ctcae import VERSIONS
from trials.models import AuditEvent, Dictionary, DictionaryTerm, Role, User, system_chain
from trials.roles import NotPermitted
from trials.terminology import ctcae_sheet, shipped
from trials.terminology.ctcae_sheet import sheet_terms
from trials.terminology.entries import DictionaryError
from trials.terminology.lookup import grades_of, search, term_of
from trials.terminology.shipped import shipped_terms

TITLE = "CTCAE v5.0 Clean Copy"


@pytest.fixture
def system(db: None) -> User:
    return User.objects.system_user()


@pytest.fixture
def loaded(system: User) -> User:
    load_shipped_ctcae(actor=system, versions=["5.0"])
    return system


def faults(path: Path) -> list[str]:
    with pytest.raises(DictionaryError) as refused:
        sheet_terms(path)
    return list(refused.value.lines)


# ---- the shipped terms


@pytest.mark.parametrize(("version", "terms", "classes"), [("5.0", 837, 26), ("6.0", 850, 26)])
def test_a_version_is_shipped_with_every_term_and_its_grades(version, terms, classes):
    found = shipped_terms(version)
    assert len(found) == terms
    assert len({term.system_organ_class for term in found}) == classes
    assert all(set(term.grades) <= set("12345") and term.grades for term in found)


@pytest.mark.parametrize(
    ("version", "term", "grades"),
    [
        ("5.0", "Anemia", "12345"),
        ("5.0", "Leukocytosis", "345"),
        ("5.0", "Lymphocyte count increased", "23"),
        ("5.0", "Palmar-plantar erythrodysesthesia syndrome", "123"),
        ("6.0", "Lymphopenia", "1"),
        ("6.0", "Hypertension", "2345"),
    ],
)
def test_a_term_has_the_grades_that_ctcae_gives_it(version, term, grades):
    assert {each.term: each.grades for each in shipped_terms(version)}[term] == grades


@pytest.mark.parametrize("version", list(VERSIONS))
def test_every_numeric_criterion_is_of_a_shipped_term_and_gives_only_its_grades(version):
    grades = {term.term: term.grades for term in shipped_terms(version)}
    for criterion in VERSIONS[version].values():
        existing = grades[criterion.term.split(" (")[0]]  # CTCAE has one term for several criteria
        assert {str(grade) for grade in criterion.every_grade if grade} <= set(existing), criterion.term


def test_a_version_that_is_not_shipped_is_named(system):
    with pytest.raises(DictionaryError, match="CTCAE 4.03 is not shipped"):
        load_shipped_ctcae(actor=system, versions=["4.03"])
    assert not Dictionary.objects.exists()


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (["Class", "\t12345"], "line 2: is neither a class nor a term"),
        (["Class", "\t21\tTerm"], "line 2: is neither a class nor a term"),
        (["Class", "\t\tTerm"], "line 2: is neither a class nor a term"),
        (["\t1\tTerm"], "line 1: is neither a class nor a term"),
        (["Class", "\t1\tTerm", "\t2\tterm"], "line 3: comes twice"),
    ],
)
def test_a_fault_in_the_shipped_file_is_told_by_its_line(lines, fault, tmp_path, settings):
    settings.BASE_DIR = tmp_path
    (tmp_path / "fixtures" / "terminology").mkdir(parents=True)
    shipped.shipped_file("5.0").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(DictionaryError, match=fault):
        shipped_terms("5.0")


def test_the_shipped_terms_are_loaded_under_one_event_and_a_second_load_writes_nothing(system):
    [report] = load_shipped_ctcae(actor=system, versions=["5.0"])
    assert (report.created, report.changed, report.unchanged) == (837, 0, 0)
    event = AuditEvent.objects.filter(chain=system_chain()).latest("id")
    assert (event.action, event.rows) == ("load dictionary", 838)  # the dictionary itself, too
    [again] = load_shipped_ctcae(actor=system, versions=["5.0"])
    assert (again.created, again.changed, again.unchanged) == (0, 0, 837)
    assert AuditEvent.objects.filter(chain=system_chain()).latest("id") == event


def test_a_stored_term_that_differs_is_changed_with_a_reason_only(loaded, tmp_path, settings):
    text = shipped.shipped_file("5.0").read_text(encoding="utf-8")
    settings.BASE_DIR = tmp_path
    (tmp_path / "fixtures" / "terminology").mkdir(parents=True)
    shipped.shipped_file("5.0").write_text(
        text.replace("\t12345\tAnemia", "\t1234\tAnemia"), encoding="utf-8"
    )
    with pytest.raises(ReasonRequired):
        load_shipped_ctcae(actor=loaded, versions=["5.0"])
    assert term_of("5.0", "Anemia").grades == "12345"
    [report] = load_shipped_ctcae(actor=loaded, versions=["5.0"], reason="Erratum of the NCI")
    assert report.changed == 1
    assert term_of("5.0", "Anemia").grades == "1234"
    assert [row.grades for row in term_of("5.0", "Anemia").history.order_by("history_id")] == [
        "12345",
        "1234",
    ]


def test_a_stored_term_is_never_removed(loaded, tmp_path, settings):
    text = shipped.shipped_file("5.0").read_text(encoding="utf-8")
    settings.BASE_DIR = tmp_path
    (tmp_path / "fixtures" / "terminology").mkdir(parents=True)
    shipped.shipped_file("5.0").write_text(text.replace("\t12345\tAnemia\n", ""), encoding="utf-8")
    with pytest.raises(Refused, match="“Anemia” is stored and missing from the files"):
        load_shipped_ctcae(actor=loaded, versions=["5.0"], reason="Erratum")


def test_only_who_may_load_protocol_data_loads_a_dictionary(system):
    study = make_study()
    with pytest.raises(NotPermitted):
        load_shipped_ctcae(actor=person(Role.INVESTIGATOR, study))
    administrator = person(Role.ADMINISTRATOR, study, username="administrator")
    load_shipped_ctcae(actor=administrator, versions=["6.0"])
    assert AuditEvent.objects.filter(action="load dictionary").get().actor == administrator


# ---- looking up


def test_a_term_is_found_in_any_case_and_in_its_version_only(loaded):
    found = term_of("5.0", "  platelet count  DECREASED ")
    assert (found.term, grades_of(found)) == ("Platelet count decreased", (1, 2, 3, 4))
    assert term_of("6.0", "Platelet count decreased") is None
    assert term_of("5.0", "Not a term") is None


def test_a_search_gives_terms_that_begin_with_the_text_first(loaded):
    found = [term.term for term in search("5.0", "HYPER", limit=50)]
    assert found[0].startswith("Hyper")
    contains = [term for term in found if not term.startswith("Hyper")]
    assert contains
    assert found.index(contains[0]) == len(found) - len(contains)
    assert [term.term for term in search("5.0", "gingiv")] == ["Gingival pain"]
    assert search("5.0", " ") == []
    assert len(search("5.0", "a", limit=10_000)) == 50
    assert search("5.0", "a", limit=-1) == []


def test_signs_of_a_pattern_are_searched_for_as_they_are(loaded):
    assert search("5.0", "%") == []
    assert search("5.0", "Other, specify", limit=3)


# ---- the spreadsheet


def test_the_spreadsheet_adds_what_each_grade_means(loaded, tmp_path):
    report = add_ctcae_descriptions(
        actor=loaded, version="5.0", path=workbook(tmp_path / "ctcae.xlsx"), reason="For the coordinators"
    )
    assert (report.created, report.changed) == (0, 837)
    found = term_of("5.0", "Leukocytosis")
    assert found.descriptions == {str(grade): f"Grade {grade} of Leukocytosis" for grade in (3, 4, 5)}
    assert found.definition == "What Leukocytosis is."
    assert found.code == next(str(row[0]) for row in sheet_rows() if row[2] == "Leukocytosis")
    assert AuditEvent.objects.latest("recorded_at", "id").reason == "For the coordinators"


def test_the_same_spreadsheet_again_changes_nothing_and_shipped_terms_keep_its_descriptions(loaded, tmp_path):
    path = workbook(tmp_path / "ctcae.xlsx")
    add_ctcae_descriptions(actor=loaded, version="5.0", path=path, reason="First")
    again = add_ctcae_descriptions(actor=loaded, version="5.0", path=path, reason="Second")
    assert (again.changed, again.unchanged) == (0, 837)
    load_shipped_ctcae(actor=loaded, versions=["5.0"])
    assert term_of("5.0", "Anemia").descriptions["1"] == "Grade 1 of Anemia"


def test_the_spreadsheet_needs_a_reason_a_right_and_the_terms_of_its_version(loaded, tmp_path):
    path = workbook(tmp_path / "ctcae.xlsx")
    with pytest.raises(ReasonRequired):
        add_ctcae_descriptions(actor=loaded, version="5.0", path=path, reason=" ")
    monitor = person(Role.MONITOR, make_study())
    with pytest.raises(NotPermitted):
        add_ctcae_descriptions(actor=monitor, version="5.0", path=path, reason="No right")
    with pytest.raises(Refused, match="is not loaded"):
        add_ctcae_descriptions(actor=loaded, version="6.0", path=path, reason="Other version")


def put(row: int, column: int, value: Any) -> Any:
    def change(rows: Rows) -> None:
        rows[row][column] = value

    return change


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (put(0, 2, "Anaemia"), "row 2, column CTCAE Term: is no term of this version"),
        (put(0, 2, None), "row 2, column C (term): is empty"),
        (put(1, 2, "ANEMIA "), "row 3, column C (term): stands in row 2 already"),
        (put(0, 3, " -"), "row 2, column Grade 1: this version has a grade 1 of the term"),
        (put(5, 3, "Mild"), "row 7, column Grade 1: this version has no grade 1 of the term"),
        (put(0, 3, 17), "row 2, column D (1): is no text"),
        (put(0, 4, "x" * 4001), "row 2, column E (2): is too long"),
        (put(0, 2, "x" * 251), "row 2, column C (term): is too long"),
        (put(0, 8, "a\u202eb"), "row 2, column I (definition): holds characters that cannot be printed"),
        (put(0, 0, 123), "row 2, column A (code): is no code of eight digits"),
        (put(0, 0, "10.5"), "row 2, column A (code): is no code of eight digits"),
        (lambda rows: rows.pop(0), "the term “Anemia” is missing from the sheet"),
        (lambda rows: rows.clear(), "holds no terms"),
    ],
)
def test_a_fault_of_the_spreadsheet_is_told_by_its_place_and_nothing_is_stored(
    loaded, tmp_path, change, fault
):
    path = workbook(tmp_path / "ctcae.xlsx", change=change)
    before = AuditEvent.objects.count()
    with pytest.raises(DictionaryError) as refused:
        add_ctcae_descriptions(actor=loaded, version="5.0", path=path, reason="For the coordinators")
    assert any(fault in line for line in refused.value.lines), refused.value.lines
    assert not DictionaryTerm.objects.exclude(definition="", descriptions={}, code="").exists()
    assert AuditEvent.objects.count() == before


def test_every_fault_is_told_at_once_up_to_a_bound(tmp_path):
    def change(rows: Rows) -> None:
        for row in rows:
            row[0] = "none"

    lines = faults(workbook(tmp_path / "ctcae.xlsx", change=change))
    assert len(lines) == 21
    assert lines[-1] == "and 817 more"


def test_empty_rows_and_columns_are_passed_over_and_headings_may_stand_lower(tmp_path):
    rows = [[None] * 11, *sheet_rows()[:2], [None, " "], *sheet_rows()[2:4]]
    path = workbook(tmp_path / "ctcae.xlsx", sheets={"One": [HEADINGS, *rows]}, headings=["CTCAE v5.0"])
    assert [entry.term for entry in sheet_terms(path)] == [row[2] for row in sheet_rows()[:4]]


@pytest.mark.parametrize(
    "headings",
    [
        ["v6.0 MedDRA Code", "v6.0 MedDRA SOC", "v6.0 CTCAE Term", *HEADINGS[3:]],
        ["MedDRA 28.0 Code", "MedDRA 28.0 SOC", "CTCAE v6.0 Term", *HEADINGS[3:]],
        [" meddra   code", "System Organ Class", "TERM", *HEADINGS[3:]],
    ],
)
def test_columns_are_found_by_their_headings_as_the_versions_print_them(headings, tmp_path):
    path = workbook(tmp_path / "ctcae.xlsx", sheets={"One": sheet_rows()[:1]}, headings=headings)
    [entry] = sheet_terms(path)
    assert (entry.code, entry.system_organ_class, entry.term) == (
        "10000000",
        "Blood and lymphatic system disorders",
        "Anemia",
    )


def test_columns_may_stand_in_any_order(tmp_path):
    rows = [list(reversed(row)) for row in sheet_rows()[:3]]
    path = workbook(tmp_path / "ctcae.xlsx", sheets={"One": rows}, headings=list(reversed(HEADINGS)))
    assert [entry.descriptions["5"] for entry in sheet_terms(path)[:1]] == ["Grade 5 of Anemia"]


def test_of_several_sheets_the_clean_copy_is_read(tmp_path):
    tracked = [[*row[:2], f"{row[2]} changed", *row[3:]] for row in sheet_rows()[:2]]
    path = workbook(
        tmp_path / "ctcae.xlsx", sheets={"Tracked Changes": tracked, "Clean Copy": sheet_rows()[:2]}
    )
    assert [entry.term for entry in sheet_terms(path)] == [row[2] for row in sheet_rows()[:2]]


@pytest.mark.parametrize(
    ("sheets", "headings", "found"),
    [
        ({"One": [], "Two": []}, HEADINGS, "found “One”, “Two”"),
        ({"One": []}, HEADINGS[:6], "found none"),
        ({"One": []}, ["Something else"], "found none"),
    ],
)
def test_a_workbook_without_one_sheet_of_terms_is_refused(sheets, headings, found, tmp_path):
    [line] = faults(workbook(tmp_path / "ctcae.xlsx", sheets=sheets, headings=headings))
    assert found in line


def test_what_is_no_workbook_is_refused(tmp_path):
    (tmp_path / "text.xlsx").write_text("CTCAE")
    assert faults(tmp_path / "text.xlsx") == ["text.xlsx: is no workbook (.xlsx)"]
    assert faults(tmp_path / "absent.xlsx") == ["absent.xlsx: cannot be opened"]
    with zipfile.ZipFile(tmp_path / "empty.xlsx", "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert faults(tmp_path / "empty.xlsx") == ["empty.xlsx: is no workbook that can be read"]


def rewritten(source: Path, target: Path, part: str, content: bytes) -> Path:
    """A workbook with one part replaced."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for each in old.namelist():
            new.writestr(each, content if each == part else old.read(each))
    return target


@pytest.mark.parametrize(
    "content",
    [
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><worksheet/>',
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a><worksheet/>'.encode("utf-16"),
    ],
)
def test_document_types_and_entities_are_refused(content, tmp_path):
    path = workbook(tmp_path / "ctcae.xlsx")
    part = "xl/worksheets/sheet1.xml"
    [line] = faults(rewritten(path, tmp_path / "bad.xlsx", part, content))
    assert line == f"bad.xlsx: {part}: document types and entities are refused"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
def test_a_document_type_is_refused_in_a_part_that_is_not_named_as_xml(encoding, tmp_path):
    path = workbook(tmp_path / "ctcae.xlsx")
    sheet, hidden = "xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.dat"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "bad.xlsx", "w") as new:
        for each in old.namelist():
            content = old.read(each).replace(b"worksheets/sheet1.xml", b"worksheets/sheet1.dat")
            if each == sheet:
                typed = content.decode().replace("<worksheet", '<!DOCTYPE a [<!ENTITY b "c">]><worksheet', 1)
                content = typed.encode(encoding)
            new.writestr(hidden if each == sheet else each, content)
    [line] = faults(tmp_path / "bad.xlsx")
    assert line == f"bad.xlsx: {hidden}: document types and entities are refused"


def test_a_damaged_sheet_is_refused(tmp_path):
    path = workbook(tmp_path / "ctcae.xlsx")
    [line] = faults(rewritten(path, tmp_path / "bad.xlsx", "xl/worksheets/sheet1.xml", b"<worksheet><row"))
    assert line.startswith("bad.xlsx: ")


def test_a_workbook_is_bounded_in_bytes_unpacked_bytes_and_rows(tmp_path, monkeypatch):
    path = workbook(tmp_path / "ctcae.xlsx")
    monkeypatch.setattr(ctcae_sheet, "MAX_ROWS", 837)
    assert faults(path) == [f"sheet “{TITLE}”: has more than 837 rows"]
    monkeypatch.setattr(ctcae_sheet, "MAX_UNPACKED", 2**20 // 8)
    assert "unpacks to more than" in faults(path)[0]
    monkeypatch.setattr(ctcae_sheet, "MAX_BYTES", 2**10)
    assert "is larger than" in faults(path)[0]


# ---- the command


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("load_ctcae", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_loads_what_is_shipped(system):
    assert run().splitlines() == [
        "CTCAE 5.0: 837 terms new, 0 changed, 0 unchanged",
        "CTCAE 6.0: 850 terms new, 0 changed, 0 unchanged",
    ]
    assert run().count("0 terms new") == 2


def test_the_command_adds_the_descriptions_of_a_version(system, tmp_path):
    path = workbook(tmp_path / "ctcae.xlsx")
    assert run(str(path), "--version", "5.0").endswith("CTCAE 5.0: 0 terms new, 837 changed, 0 unchanged\n")


def test_the_command_needs_file_and_version_together(system, tmp_path):
    with pytest.raises(CommandError, match="belong together"):
        run("--version", "5.0")
    with pytest.raises(CommandError, match="belong together"):
        run(str(tmp_path / "ctcae.xlsx"))


def test_the_command_tells_what_is_wrong_with_the_file(system, tmp_path):
    path = workbook(tmp_path / "ctcae.xlsx", change=put(0, 2, "Anaemia"))
    with pytest.raises(CommandError, match="No grade description was added.\n.*row 2, column CTCAE Term"):
        run(str(path), "--version", "5.0")
