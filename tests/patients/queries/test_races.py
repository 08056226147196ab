"""Two people at one query in one moment: one acts, the other is told."""

from typing import Any

import pytest

from patients.actions.ask import answer_query, close_query, reopen_query
from patients.models import MessageKind, Query, QueryState, RaisedBy
from tests.ecrf.api.client import client_of
from tests.patients.queries.desk import Desk, kinds, now
from tests.together import together
from trials.actions.errors import Stale

pytestmark = pytest.mark.django_db(transaction=True)


def outcomes(results: list[Any]) -> list[type]:
    return sorted((type(each) for each in results), key=lambda kind: kind.__name__)


@pytest.mark.requirement("R13")
def test_of_two_answers_to_one_version_one_stands_and_the_other_is_stale() -> None:
    desk = Desk()
    query = desk.ask()
    answered = together(
        *(
            lambda actor=actor: answer_query(actor=actor, query=query, words=str(actor), version=1)
            for actor in (desk.coordinator, desk.investigator)
        )
    )
    assert outcomes(answered) == [Query, Stale]
    assert (now(query).state, kinds(query)) == (QueryState.ANSWERED, [MessageKind.ANSWER])


def test_a_query_is_not_closed_and_opened_again_in_one_moment() -> None:
    desk = Desk()
    query = desk.ask()
    answer_query(actor=desk.coordinator, query=query, words="As in the source")
    done = together(
        lambda: close_query(actor=desk.monitor, query=query, words="Seen", version=2),
        lambda: reopen_query(actor=desk.manager, query=query, words="Where?", version=2),
    )
    assert outcomes(done) == [Query, Stale]
    assert len(kinds(query)) == 2


def test_an_answer_in_words_and_a_correction_in_one_moment_both_stand_in_the_thread_in_order() -> None:
    desk = Desk()
    query = desk.ask()
    together(
        lambda: answer_query(actor=desk.investigator, query=query, words="As in the source"),
        lambda: desk.correct(weight="71"),
    )
    assert now(query).state == QueryState.ANSWERED
    assert kinds(query) in (
        [MessageKind.ANSWER, MessageKind.CORRECTION],
        [MessageKind.CORRECTION],  # the answer came second and found the query answered
    )


def test_one_question_sent_many_times_at_once_with_one_key_is_asked_once() -> None:
    desk = Desk()
    body = {"form": "VS", "record_id": desk.form.pk, "field": "weight", "text": "Is it in the source?"}

    def post() -> int:
        client = client_of(desk.monitor)
        reply = client.post("/api/v1/queries/", body, format="json", headers={"idempotency_key": "one"})
        return int(reply.status_code)

    assert set(together(*[post] * 6)) == {201}
    assert Query.objects.filter(raised_by=RaisedBy.MONITOR).count() == 1
