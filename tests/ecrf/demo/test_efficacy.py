"""What the demonstration shows of efficacy: the published figures, computed from the entered forms."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ecrf.reports.beside import published_lines
from ecrf.reports.choices import Confirmation
from ecrf.reports.efficacy import Efficacy, efficacy, study_choices
from ecrf.reports.endpoints import AnalysisSet
from patients.actions.save_form import change_form, mark_entered_in_error
from patients.facts import NOW
from patients.models import Death, Subject, TumorAssessment
from trials.clinical.endpoints.result import Endpoint
from trials.clinical.recist.response import OBJECTIVE
from trials.models import Study, User

pytestmark = pytest.mark.usefixtures("demonstration")


def report(most: int | None = None) -> Efficacy:
    """The report about every subject, or about the first few randomized ones."""
    study = Study.objects.get()
    seen = Subject.objects.filter(study=study).select_related("site", "study").order_by("code")
    seen = seen if most is None else seen.filter(allocation__isnull=False)[:most]
    return efficacy(study, list(seen), "all sites", NOW, study_choices(study, NOW))


def responses(found: Efficacy) -> list[tuple[int, int]]:
    return [(each.rate.count, each.rate.total) for each in found.rate(Confirmation.CONFIRMED).arms]


def survival(found: Efficacy) -> list[float | None]:
    times = found.times[Endpoint.OS]
    return [each.medians[times.interval].estimate for each in times.arms]


def a_responder(arm: str) -> Subject:
    """A subject of an arm with a response that the investigator saw too."""
    seen = TumorAssessment.objects.filter(overall_response="PR", subject__allocation__arm__code=arm)
    return seen.select_related("subject").order_by("id")[0].subject


def test_every_published_figure_is_computed_from_the_forms() -> None:
    found = report()
    assert found.published is not None
    differing = [
        (line.label, arm, line.published[arm], line.computed[arm])
        for line in published_lines(found)
        for arm in found.arms
        if line.agrees(arm) is False
    ]
    assert differing == []
    compared = sum(line.agrees(arm) is True for line in published_lines(found) for arm in found.arms)
    assert compared >= 18


def test_every_responder_is_confirmed_and_every_endpoint_determined() -> None:
    found = report()
    confirmed, unconfirmed = (
        [sum(held.get(each, 0) for each in OBJECTIVE) for held in block.best.values()]
        for block in found.responses
    )
    assert confirmed == unconfirmed
    assert found.open == ()
    assert sum(found.sets[AnalysisSet.ITT].values()) == 61


def test_61_subjects_cost_no_more_queries_than_a_few() -> None:
    with CaptureQueriesContext(connection) as whole:
        report()
    with CaptureQueriesContext(connection) as few:
        report(most=6)
    assert len(whole) <= len(few)


def test_the_figures_follow_the_data() -> None:
    """Last in this module: it changes the database that the module has to itself."""
    before = report()
    investigator = User.objects.get(username="investigator")
    assert responses(before)[0] == (10, 31)
    for scan in TumorAssessment.objects.filter(subject=a_responder("A")).exclude(visit__code="SCR"):
        mark_entered_in_error(
            actor=investigator, record=scan, version=scan.version, reason="Scans of another person"
        )
    deaths = Death.objects.filter(subject__allocation__arm__code="A", died_on__lt="2022")
    for death in deaths.order_by("died_on")[4:12]:
        moved = {"died_on": "2023-07-01", "known_on": "2023-07-02"}
        change_form(actor=investigator, record=death, data=moved, version=death.version, reason="Wrong year")
    after = report()
    assert after.open == ()
    assert responses(after) == [(9, 31), responses(before)[1]]
    assert survival(after)[0] != survival(before)[0]
    assert survival(after)[1] == survival(before)[1]
