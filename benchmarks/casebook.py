"""The casebook of one subject, and that it costs the same in a study of any size."""

from typing import Any

from benchmarks import plain
from benchmarks.pages import queries_of
from benchmarks.rounds import Compared, compare, timed
from benchmarks.study import Setting
from patients.casebook import casebook
from patients.forms import definitions
from patients.models import Allocation, Cycle, Subject, Visit
from trials.models.audit import event_id

TIMES = 5


def measure(setting: Setting, rounds: int) -> Compared:
    """Seconds for one casebook; raw: the same history rows, a statement for each table."""
    subject = setting.subjects[0]
    statements = _statements(subject)
    raw = plain.connect()

    def rows() -> None:
        for statement, parameters in statements:
            raw.execute(statement, parameters).fetchall()

    found = compare(
        f"casebook of one subject among {len(setting.subjects)}",
        timed(lambda: casebook(subject), TIMES),
        timed(rows, TIMES),
        rounds=rounds,
        per=TIMES,
        unit="casebook",
        note=f"{queries_of(lambda: casebook(subject))} queries",
    )
    raw.close()
    return found


def _statements(subject: Subject) -> list[tuple[str, tuple[int, int]]]:
    chain = subject.chain_id
    events = (event_id(chain, 0), event_id(chain + 1, 0) - 1)
    models: list[Any] = [Subject, Allocation, Cycle, Visit]
    for form in definitions():
        models += [form.model, *(section.model for section in form.rows.values())]
    between = f"event_id BETWEEN {plain.mark()} AND {plain.mark()}"
    return [
        (f"SELECT * FROM {model.history.model._meta.db_table} WHERE {between}", events) for model in models
    ]
