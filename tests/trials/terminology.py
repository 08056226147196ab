"""Files of dictionaries for tests: a spreadsheet of CTCAE, and a small invented dictionary as MedAscii."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from trials.terminology.shipped import shipped_terms

HEADINGS = [
    "MedDRA Code",
    "MedDRA SOC",
    "CTCAE Term",
    *(f"Grade {grade} \xa0\xa0" for grade in range(1, 6)),
    "Definition",
    "Navigational Note",
    "Change",
]
Rows = list[list[Any]]


def sheet_rows(version: str = "5.0") -> Rows:
    """The terms of a version as the spreadsheet has them, with invented descriptions."""
    rows: Rows = []
    for number, term in enumerate(shipped_terms(version)):
        grades = [
            f"Grade {grade} of {term.term}" if str(grade) in term.grades else " -" for grade in range(1, 6)
        ]
        code = 10_000_000 + number
        rows.append(
            [code, term.system_organ_class, term.term, *grades, f"What {term.term} is.", None, "No change"]
        )
    return rows


def workbook(
    path: Path,
    sheets: dict[str, Rows] | None = None,
    headings: Sequence[Any] = HEADINGS,
    change: Callable[[Rows], Any] | None = None,
) -> Path:
    """A workbook with the terms of v5.0 in one sheet, changed as a test wants it."""
    book = Workbook()
    book.remove(book.active)
    if sheets is None:
        sheets = {"CTCAE v5.0 Clean Copy": sheet_rows()}
        if change is not None:
            change(sheets["CTCAE v5.0 Clean Copy"])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        sheet.append(list(headings))
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


# An invented dictionary: none of its terms and codes is of MedDRA.
INVENTED = {
    "soc.asc": [
        "90000001$Disorders of invented organs$InvOrg$",
        "90000002$Made-up findings$MadeUp$",
    ],
    "pt.asc": [
        "91000001$Glow of the elbow$$90000001$$$$$$$$",
        "91000002$Whistling hair$$90000002$$$$$$$$",
    ],
    "llt.asc": [
        "92000001$Glow of the elbow$91000001$$$$$$$Y$$",
        "92000002$Elbow aglow$91000001$$$$$$$Y$$",
        "92000003$Luminous elbow$91000001$$$$$$$N$$",
        "92000004$Whistling hair$91000002$$$$$$$Y$$",
    ],
    "mdhier.asc": [
        "91000001$93000001$94000001$90000001$Glow of the elbow$Elbow lights$Limb lights"
        "$Disorders of invented organs$InvOrg$$90000001$Y$",
        "91000001$93000002$94000002$90000002$Glow of the elbow$Odd lights$Odd findings"
        "$Made-up findings$MadeUp$$90000001$N$",
        "91000002$93000003$94000002$90000002$Whistling hair$Hair sounds$Odd findings"
        "$Made-up findings$MadeUp$$90000002$Y$",
    ],
}


def medascii(directory: Path, **files: list[str] | None) -> Path:
    """The invented dictionary in a directory; a file that is given takes the place of its own, None of it."""
    changed = {name.replace("_", "."): lines for name, lines in files.items()}
    directory.mkdir(exist_ok=True)
    for name, lines in (INVENTED | changed).items():
        if lines is not None:
            (directory / name).write_text("".join(f"{line}\r\n" for line in lines), encoding="utf-8")
    return directory
