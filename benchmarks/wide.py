"""Laboratory samples with their results as one plain SELECT: the raw limit of a list and of an export."""

from typing import Any

from django.db import models

from benchmarks import plain
from patients.models import LabResult, LabSample

SAMPLES = """
FROM patients_labsample sample
JOIN patients_subject subject ON subject.id = sample.subject_id
JOIN trials_site site ON site.id = subject.site_id
JOIN trials_study study ON study.id = subject.study_id
LEFT JOIN patients_visit visit ON visit.id = sample.visit_id
LEFT JOIN trials_laboratory laboratory ON laboratory.id = sample.laboratory_id
LEFT JOIN patients_labresult result ON result.parent_id = sample.id AND NOT result.entered_in_error
LEFT JOIN trials_labtest test ON test.id = result.test_id
"""
CODES = 'study.code, site.code, subject.code AS "subject", visit.code AS "visit", laboratory.code, test.code'


def statement(where: str) -> str:
    """Every column that the application shows of a sample and its results, with the codes it refers to."""
    columns = [*_columns("sample", LabSample, ""), *_columns("result", LabResult, "result.")]
    order = "ORDER BY subject.code, sample.id, result.repeat"
    return f"SELECT {', '.join(columns)}, {CODES} {SAMPLES} {where} {order}"


def page(connection: plain.Plain, size: int) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names and lines of the first samples."""
    newest = "SELECT id FROM patients_labsample WHERE NOT entered_in_error ORDER BY id"
    return _fetched(connection, f"WHERE sample.id IN (SELECT id FROM ({newest} LIMIT {size}) AS page)")


def everything(connection: plain.Plain) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names and lines of all samples."""
    return _fetched(connection, "WHERE NOT sample.entered_in_error")


def _fetched(connection: plain.Plain, where: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    cursor = connection.execute(statement(where))
    return [column[0] for column in cursor.description], cursor.fetchall()


def _columns(alias: str, model: type[models.Model], prefix: str) -> list[str]:
    shown = [field.column for field in model._meta.concrete_fields if not field.generated]
    return [f'{alias}."{column}" AS "{prefix}{column}"' for column in shown]
