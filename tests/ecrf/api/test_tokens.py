"""Getting in with a token, and what happens to those who should not."""

import pytest
from django.conf import settings
from knox.models import get_token_model
from rest_framework.throttling import SimpleRateThrottle

from tests.ecrf.api.addresses import addresses
from tests.ecrf.api.client import Client, client_of
from tests.factories import PASSWORD, UserFactory, make_study, person
from trials.actions.accounts import deactivate, reactivate, set_password
from trials.models import Role

pytestmark = pytest.mark.django_db
TOKEN = "/api/v1/auth/token/"


def login(username: str, password: str) -> object:
    return Client(raise_request_exception=False).post(
        TOKEN, {"username": username, "password": password}, format="json"
    )


def test_username_and_password_give_a_token_that_opens_the_api_and_says_when_it_ends() -> None:
    person(Role.COORDINATOR, make_study(), username="anna")
    reply = login("anna", PASSWORD)
    assert reply.status_code == 201
    assert set(reply.json()) == {"token", "expires_at"}
    client = Client(headers={"Authorization": f"Bearer {reply.json()['token']}"})
    assert client.get("/api/v1/studies/").status_code == 200


def test_the_token_is_nowhere_in_the_database_as_it_was_given() -> None:
    UserFactory(username="anna")
    token = login("anna", PASSWORD).json()["token"]
    (held,) = get_token_model().objects.all()
    assert token not in (held.digest, held.token_key)


def test_getting_a_token_opens_no_session() -> None:
    UserFactory(username="anna")
    assert not login("anna", PASSWORD).cookies


@pytest.mark.requirement("R34")
def test_a_token_ends_at_logout_and_the_others_of_the_person_stay() -> None:
    user = person(Role.COORDINATOR, make_study())
    one, other = client_of(user), client_of(user)
    assert one.post("/api/v1/auth/logout/").status_code == 204
    assert one.get("/api/v1/studies/").status_code == 401
    assert other.get("/api/v1/studies/").status_code == 200


@pytest.mark.requirement("R34")
def test_the_token_of_a_closed_account_opens_nothing_any_more() -> None:
    study = make_study()
    user, administrator = person(Role.COORDINATOR, study), person(Role.ADMINISTRATOR, study)
    client = client_of(user)
    deactivate(actor=administrator, user=user, reason="left the hospital")
    assert client.get("/api/v1/studies/").status_code == 401
    reactivate(actor=administrator, user=user, reason="came back")
    assert client.get("/api/v1/studies/").status_code == 401
    assert client_of(user).get("/api/v1/studies/").status_code == 200


def test_the_tokens_of_a_person_end_with_the_password_that_they_were_given_for() -> None:
    study = make_study()
    user, colleague = person(Role.COORDINATOR, study), client_of(person(Role.MONITOR, study))
    client = client_of(user)
    set_password(actor=user, user=user, password="another long pass-phrase", reason="seen by somebody")
    assert client.get("/api/v1/studies/").status_code == 401
    assert colleague.get("/api/v1/studies/").status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        b"Bearer \xff\xfe\xff",
        b"Bearer \xc3\x28",
        b"Bearer",
        b"Bearer a b",
        b"Bearer " + b"0" * 64,
        b"Bearer " + b"0" * 63,
        b"Bearer " + b"0" * 5000,
        b"Bearer \x00",
        b"Basic YTpi",
        b"Token " + b"0" * 64,
        "Bearer ٠١٢".encode(),
    ],
)
def test_a_token_that_is_none_of_ours_is_answered_401_whatever_its_bytes(header: bytes) -> None:
    client = Client(raise_request_exception=False)
    reply = client.get("/api/v1/studies/", HTTP_AUTHORIZATION=header.decode("latin-1"))
    assert reply.status_code == 401
    assert reply["WWW-Authenticate"] == "Bearer"
    assert set(reply.json()) == {"errors", "request_id"}


@pytest.mark.requirement("R35")
def test_wrong_passwords_lock_the_account_and_the_right_one_is_then_refused_too() -> None:
    UserFactory(username="anna")
    statuses = [
        login("anna", "wrong but long enough").status_code for _ in range(settings.AXES_FAILURE_LIMIT)
    ]
    assert set(statuses[:-1]) == {401}
    locked = login("anna", PASSWORD)
    assert locked.status_code == 429
    assert "Wait" in locked.json()["errors"]["detail"][0]


def test_a_login_that_succeeds_starts_the_count_of_failures_anew() -> None:
    UserFactory(username="anna")
    for _ in range(2):
        for _ in range(settings.AXES_FAILURE_LIMIT - 1):
            assert login("anna", "wrong but long enough").status_code == 401
        assert login("anna", PASSWORD).status_code == 201


def test_a_login_of_ones_own_does_not_forgive_the_guesses_at_the_password_of_another() -> None:
    UserFactory(username="anna")
    UserFactory(username="bella")
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        assert login("anna", "wrong but long enough").status_code == 401
    assert login("bella", PASSWORD).status_code == 201
    assert login("anna", "wrong but long enough").status_code == 429


def test_an_address_is_locked_after_ten_times_the_failures_of_one_person() -> None:
    UserFactory(username="anna")
    for number in range(10 * settings.AXES_FAILURE_LIMIT - 1):
        assert login(f"nobody{number}", "wrong but long enough").status_code == 401
    assert login("anna", PASSWORD).status_code == 201
    login("nobody", "wrong but long enough")
    assert login("anna", PASSWORD).status_code == 429


def test_an_unknown_name_and_a_wrong_password_are_refused_in_the_same_words() -> None:
    UserFactory(username="anna")
    unknown, wrong = login("nobody", PASSWORD), login("anna", "wrong but long enough")
    assert unknown.status_code == wrong.status_code == 401
    assert unknown.json()["errors"] == wrong.json()["errors"]


@pytest.mark.parametrize(
    "body",
    [{}, {"username": "anna"}, {"username": "", "password": "x"}, {"username": 5, "password": "x"}],
)
def test_credentials_that_are_incomplete_are_refused_without_an_error_of_the_server(body: dict) -> None:
    reply = Client(raise_request_exception=False).post(TOKEN, body, format="json")
    assert reply.status_code in {400, 401}
    assert reply.json()["errors"]


def test_the_system_account_gets_no_token() -> None:
    make_study()
    assert login("system", "").status_code == 401
    assert login("system", PASSWORD).status_code == 401


def test_one_login_more_than_allowed_ends_the_oldest_token_and_not_the_newest() -> None:
    user = person(Role.COORDINATOR, make_study(), username="anna")
    first = client_of(user)
    tokens = [
        login("anna", PASSWORD).json()["token"] for _ in range(settings.REST_KNOX["TOKEN_LIMIT_PER_USER"])
    ]
    assert first.get("/api/v1/studies/").status_code == 401
    newest = Client(headers={"Authorization": f"Bearer {tokens[-1]}"})
    assert newest.get("/api/v1/studies/").status_code == 200
    assert user.auth_token_set.count() == settings.REST_KNOX["TOKEN_LIMIT_PER_USER"]


def test_too_many_logins_a_minute_are_answered_429_with_the_time_to_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    UserFactory(username="anna")
    monkeypatch.setattr(
        SimpleRateThrottle, "THROTTLE_RATES", {"anon": "99/min", "user": "99/min", "token": "2/min"}
    )
    statuses = [login("anna", PASSWORD).status_code for _ in range(3)]
    assert statuses == [201, 201, 429]
    assert int(login("anna", PASSWORD)["Retry-After"]) > 0


def test_a_session_changes_nothing_without_its_csrf_token() -> None:
    user = person(Role.COORDINATOR, make_study())
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(user, backend="trials.authentication.RoleBackend")
    assert client.get("/api/v1/studies/").status_code == 200
    refused = client.post("/api/v1/cycles/", {"subject": "ZS-001"}, format="json")
    assert refused.status_code == 403
    assert "CSRF" in refused.json()["errors"]["detail"][0]


OPEN = {"/api/v1/auth/token/"}


@pytest.mark.requirement("R04")
def test_without_a_token_every_address_answers_401_or_leads_to_the_login() -> None:
    for path in addresses():
        if path not in OPEN:
            reply = Client(raise_request_exception=False).get(path)
            assert reply.status_code == (302 if path == "/api/docs/" else 401), path


def test_an_address_that_does_not_exist_is_answered_404_in_the_shape_of_all_errors() -> None:
    reply = Client(raise_request_exception=False).get("/api/v1/nothing/")
    assert reply.status_code == 404
    assert reply.json()["errors"] == {"detail": ["Not found."]}
    assert reply.json()["request_id"] == reply["X-Request-ID"]
