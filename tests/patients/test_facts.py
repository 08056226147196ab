"""What derivations read: as of an instant of recording, up to a clinical day, each kind once for all."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients.actions.enroll import enroll
from patients.actions.save_form import change_form, mark_entered_in_error
from patients.facts import Facts, Moment, source
from patients.models import AdverseEvent, DailyDosePeriod, LabSample, Subject, Visit, VitalSigns
from tests.factories import CONSENT_DAY, make_list, opened, randomized_subject
from trials.audit import clock
from trials.models import Site, Study, User

RASH = {"term": "Rash", "grade": "1", "started": "2021-03", "ended": "2021-05-20", "ongoing": "N"}


@pytest.fixture
def rash(enter: Callable[..., Any]) -> AdverseEvent:
    event: AdverseEvent = enter(AdverseEvent, **RASH)
    return event


def test_a_value_is_read_as_it_stood_at_an_instant_of_recording(
    subject: Subject, rash: AdverseEvent, coordinator: User
) -> None:
    before = clock.now()
    change_form(
        actor=coordinator, record=rash, version=1, data={"grade": "3", "started": "2020"}, reason="Letter"
    )
    [then] = Facts([subject], Moment(as_of=before)).forms(AdverseEvent, subject)
    [now] = Facts([subject]).forms(AdverseEvent, subject)
    assert (then.grade, then.started, then.started_earliest) == ("1", "2021-03", date(2021, 3, 1))
    assert (now.grade, now.started, now.started_earliest) == ("3", "2020", date(2020, 1, 1))


def test_what_was_taken_out_later_was_there_before_and_what_came_later_was_not(
    subject: Subject, rash: AdverseEvent, coordinator: User, enter: Callable[..., Any]
) -> None:
    before = clock.now()
    enter(AdverseEvent, **{**RASH, "term": "Itching"})
    mark_entered_in_error(actor=coordinator, record=rash, version=1, reason="Wrong subject")
    then = Facts([subject], Moment(as_of=before)).forms(AdverseEvent, subject)
    now = Facts([subject]).forms(AdverseEvent, subject)
    assert ([each.term for each in then], [each.term for each in now]) == (["Rash"], ["Itching"])


def test_rows_are_those_of_the_instant(
    subject: Subject, sample: Callable[..., LabSample], coordinator: User
) -> None:
    form = sample(("ALT", "20", "U/L"))
    before = clock.now()
    row = form.results.get()  # type: ignore[attr-defined]
    change_form(
        actor=coordinator,
        record=form,
        version=1,
        data={},
        rows={"results": [{"repeat": row.repeat, "value": "90"}]},
        reason="Read again",
    )
    for moment, value in ((Moment(as_of=before), "20"), (Moment(), "90")):
        facts = Facts([subject], moment)
        [read] = facts.forms(LabSample, subject)
        [result] = facts.rows(read, "results")
        assert (result.value, result.test.code, result.parent) == (value, "ALT", read)


@pytest.mark.parametrize(
    ("cutoff", "there", "ended"),
    [
        (date(2021, 2, 28), False, None),
        (date(2021, 3, 1), True, None),  # it may have begun by then
        (date(2021, 5, 19), True, None),
        (date(2021, 5, 20), True, "2021-05-20"),
    ],
)
def test_what_happened_after_the_cutoff_is_left_out_and_an_end_after_it_is_not_yet_known(
    subject: Subject, rash: AdverseEvent, cutoff: date, there: bool, ended: str | None
) -> None:
    found = Facts([subject], Moment(cutoff=cutoff)).forms(AdverseEvent, subject)
    assert [each.ended for each in found] == ([ended] if there else [])


def test_a_randomization_after_the_cutoff_has_not_happened(
    coordinator: User, site: Site, study: Study
) -> None:
    make_list(study, "AB")
    subject = randomized_subject(coordinator, site)
    today = clock.today(site.time_zone)
    assert Facts([subject], Moment(cutoff=today)).allocation(subject) is not None
    assert Facts([subject], Moment(cutoff=today - timedelta(days=1))).allocation(subject) is None


def test_forms_come_in_the_order_of_their_day_and_undated_ones_last(
    subject: Subject, enter: Callable[..., Any]
) -> None:
    for term, started in (("c", None), ("b", "2021-04-02"), ("a", "2021-03")):
        enter(AdverseEvent, **{**RASH, "term": term, "started": started})
    assert [each.term for each in Facts([subject]).forms(AdverseEvent, subject)] == ["a", "b", "c"]


def test_a_source_names_form_visit_question_and_value(subject: Subject, vital_signs: VitalSigns) -> None:
    [read] = Facts([subject]).forms(VitalSigns, subject)
    found = source(read, "weight")
    assert (found.subject, found.form, found.visit, found.value) == (subject.code, "VS", "SCR", "60")
    assert str(found) == "Weight: 60 (VS SCR #1)"
    assert found.day == "2021-03-01"


def test_many_subjects_cost_as_many_queries_as_one(coordinator: User, site: Site) -> None:
    def cost(subjects: list[Subject]) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            facts = Facts(subjects)
            for subject in subjects:
                facts.allocation(subject)
                facts.setting(subject, "month_days")
                for model in (VitalSigns, AdverseEvent, DailyDosePeriod):
                    facts.forms(model, subject)
                for form in facts.forms(LabSample, subject):
                    facts.rows(form, "results")
        return len(queries)

    everybody: list[Subject] = []
    for _number in range(3):
        each = enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY)
        opened(coordinator, each, "SCR", CONSENT_DAY)
        everybody.append(Subject.objects.select_related("site", "study").get(pk=each.pk))
    assert Visit.objects.filter(subject__in=everybody, occurred_on__isnull=False).count() == 3
    assert cost(everybody) == cost(everybody[:1])
