"""Reports of a serious adverse event: what can be told when one is saved."""

from collections.abc import Mapping, Sequence

from patients.derivations.known import Known
from patients.models import ReportKind, Row, SeriousAdverseEventReport
from patients.selectors import current
from trials.actions.errors import Refused


def one_initial_report(
    report: SeriousAdverseEventReport, rows: Mapping[str, Sequence[Row]], known: Known
) -> None:
    """Refuse a second initial report of an event: news of it belongs to a follow-up report.

    Raises Refused.
    """
    if report.kind != ReportKind.INITIAL or report.adverse_event_id is None:
        return
    others = current(SeriousAdverseEventReport, report.subject).filter(
        kind=ReportKind.INITIAL, adverse_event_id=report.adverse_event_id
    )
    others = others.exclude(pk=report.pk)
    if report.external_id:
        others = others.exclude(external_id=report.external_id)  # sent again, it is compared with itself
    if others.exists() or not known.is_first("initial report", report.adverse_event_id):
        raise Refused({"kind": ["this event has an initial report already; enter a follow-up report"]})
