"""Who may not see something cannot find out that it exists; who may not do something is told so."""

from types import SimpleNamespace
from typing import Any

from patients.actions.save_form import create_form
from patients.forms import definitions
from patients.models import LabResult, LabSample, Visit
from tests.ecrf.api.client import client_of, results
from tests.factories import UserFactory, assign, make_site, make_study, screened_subject
from trials.models import ReferenceRange, Role, Site

MISSING = {"detail": ["Not found."]}


def fill(world: SimpleNamespace) -> None:
    """A sample with a result at the site, so that every kind of address has something behind it."""
    create_form(
        actor=world.coordinator,
        form=LabSample,
        subject=world.subject,
        visit=Visit.objects.get(subject=world.subject, code="SCR"),
        data={"collected_on": "2021-03-01", "laboratory": "ZS-LAB"},
        rows={"results": [{"test": "ALT", "value": "60", "unit": "U/L"}]},
    )


def addresses_of(world: SimpleNamespace) -> list[tuple[str, str]]:
    """Method and address of everything that belongs to the subject ZS-001 and to its site."""
    found = [
        ("get", f"/api/v1/subjects/ZS-001/{part}")
        for part in ("", "casebook/", "eligibility/", "expectations/?form=ECD", "history/")
    ]
    found.append(("post", "/api/v1/subjects/ZS-001/randomize/"))
    for form in definitions():
        for record in form.model._default_manager.filter(subject=world.subject):
            own = f"/api/v1/{form.path}/{record.pk}/"
            found += [("get", own), ("patch", own), ("post", f"{own}void/"), ("get", f"{own}history/")]
    for visit in Visit.objects.filter(subject=world.subject):
        own = f"/api/v1/visits/{visit.pk}/"
        found += [("get", own), ("post", f"{own}open/"), ("post", f"{own}miss/")]
    result = LabResult.objects.get(parent__subject=world.subject)
    own = f"/api/v1/lab-results/{result.pk}/"
    found += [("get", own), ("patch", own), ("post", f"{own}void/"), ("get", f"{own}history/")]
    limits = ReferenceRange.objects.filter(laboratory__site=world.site).first()
    found += [
        ("get", f"/api/v1/reference-ranges/{limits.pk}/"),
        ("get", "/api/v1/laboratories/ZS-LAB/"),
        ("get", "/api/v1/sites/ZS/"),
    ]
    return found


def test_everything_of_another_site_is_answered_404_in_the_words_of_what_does_not_exist(
    world: SimpleNamespace,
) -> None:
    fill(world)
    for method, path in addresses_of(world):
        reply = world.outsider.generic(
            method.upper(), path, b"{}", content_type="application/json", headers={"If-Match": '"1"'}
        )
        assert (reply.status_code, reply.json()["errors"]) == (404, MISSING), (method, path)
        own = world.client.generic(method.upper(), path, b"{}", content_type="application/json")
        assert own.status_code != 404, (method, path)


def test_an_address_with_a_character_that_no_code_has_is_answered_404(world: SimpleNamespace) -> None:
    for path in ("subjects/%00/", "subjects/ZS-001%00/casebook/", "sites/%00/", "lab-tests/AL%0AT/"):
        reply = world.client.get(f"/api/v1/{path}")
        assert (reply.status_code, reply.json()["errors"]) == (404, MISSING), path


def test_bodies_that_name_another_site_are_answered_like_those_that_name_nothing(
    world: SimpleNamespace,
) -> None:
    fill(world)
    sample = LabSample.objects.get(subject=world.subject)
    for path, field, foreign, missing in (
        ("vital-signs", "subject", "ZS-001", "ZS-999"),
        ("cycles", "subject", "ZS-001", "ZS-999"),
        ("visits", "subject", "ZS-001", "ZS-999"),
        ("subjects", "site", "ZS", "NO"),
        ("lab-results", "sample", sample.pk, 999_999),
    ):
        told = []
        for value in (foreign, missing):
            body = {field: value, "screened_on": "2021-03-01"} if path == "subjects" else {field: value}
            reply = world.outsider.act(f"/api/v1/{path}/", 1, body)
            told.append((reply.status_code, reply.json()["errors"]))
        assert told[0] == told[1], path
        assert told[0][0] == 404, path
        assert field in told[0][1], path


def test_lists_counts_and_filters_show_nothing_of_another_site(world: SimpleNamespace) -> None:
    fill(world)
    for path in [form.path for form in definitions()] + ["visits", "cycles", "lab-results", "subjects"]:
        shown = results(world.outsider.get(f"/api/v1/{path}/"))
        assert "ZS" not in {str(each.get("subject", each.get("code"))).partition("-")[0] for each in shown}, (
            path
        )
        probe = "search=ZS" if path == "subjects" else "subject=ZS-001"
        assert results(world.outsider.get(f"/api/v1/{path}/?{probe}")) == [], path
        assert results(world.outsider.get(f"/api/v1/{path}/?site=ZS")) == [], path
    assert world.outsider.get("/api/v1/subjects/").json()["count"] == 1
    assert [site["code"] for site in results(world.outsider.get("/api/v1/sites/"))] == ["XH"]
    laboratories = {each["laboratory"] for each in results(world.outsider.get("/api/v1/reference-ranges/"))}
    assert laboratories == {"XH-LAB"}


def test_a_laboratory_of_another_site_is_no_known_code(world: SimpleNamespace) -> None:
    body = {"subject": "ZS-001", "visit": "SCR", "collected_on": "2021-03-01", "laboratory": "XH-LAB"}
    reply = world.client.post("/api/v1/lab-samples/", body, format="json")
    assert reply.json()["errors"] == {"laboratory": ["is not a known code"]}


def test_a_visit_of_another_subject_is_no_visit_of_this_one(world: SimpleNamespace) -> None:
    reply = world.client.post("/api/v1/vital-signs/", {"subject": "ZS-001", "visit": "UNS1"}, format="json")
    assert reply.json()["errors"] == {"visit": ["is not a visit of this subject"]}


READS = {Role.INVESTIGATOR, Role.COORDINATOR, Role.MONITOR, Role.DATA_MANAGER, Role.STATISTICIAN}
ENTERS = {Role.INVESTIGATOR, Role.COORDINATOR}
EXPORTS = {Role.INVESTIGATOR, Role.DATA_MANAGER, Role.STATISTICIAN}
IMPORTS = {Role.INVESTIGATOR, Role.COORDINATOR, Role.DATA_MANAGER}
CORRECTS_RANGES = {Role.DATA_MANAGER}
FORM = {"subject": "ZS-001", "visit": "SCR", "measured_on": "2021-03-01", "weight": "70"}


def permitted(world: SimpleNamespace, method: str, path: str, body: Any = None) -> set[str]:
    """The roles that are not answered 403."""
    found = set()
    for role, client in world.roles.items():
        reply = client.generic(
            method,
            path,
            b"" if body is None else __import__("json").dumps(body).encode(),
            content_type="application/json",
            headers={"If-Match": '"1"'},
        )
        assert reply.status_code < 500, (role, path)
        if reply.status_code != 403:
            found.add(role)
        else:
            assert reply.json()["errors"]["detail"][0].startswith("Your role does not allow you to")
    return found


def test_each_role_may_do_what_the_table_of_roles_says_and_is_told_so_otherwise(
    world: SimpleNamespace,
) -> None:
    pk = world.subject.vitalsignss.get().pk
    limits = ReferenceRange.objects.first()
    own = f"/api/v1/vital-signs/{pk}/"
    assert permitted(world, "GET", "/api/v1/subjects/") == READS
    assert permitted(world, "GET", "/api/v1/subjects/ZS-001/casebook/") == READS
    assert permitted(world, "GET", own) == READS
    assert permitted(world, "GET", f"{own}history/") == READS
    assert permitted(world, "POST", "/api/v1/vital-signs/", FORM) == ENTERS
    assert permitted(world, "PATCH", own, {"weight": "60", "change_reason": "x"}) == ENTERS
    assert (
        permitted(world, "POST", "/api/v1/subjects/", {"site": "ZS", "screened_on": "2021-03-01"}) == ENTERS
    )
    assert permitted(world, "POST", "/api/v1/subjects/ZS-001/randomize/") == ENTERS
    assert permitted(world, "POST", "/api/v1/imports/VS/?change_reason=x&dry_run=true", [FORM]) == IMPORTS
    assert permitted(world, "GET", "/api/v1/exports/csv/?form=VS") == EXPORTS
    correct = f"/api/v1/reference-ranges/{limits.pk}/correct/?dry_run=true"
    assert permitted(world, "POST", correct, {"high": "51"}) == CORRECTS_RANGES
    assert permitted(world, "GET", "/api/v1/studies/") == set(Role.values)
    assert permitted(world, "POST", f"{own}void/", {"change_reason": "x"}) == ENTERS


def test_who_has_no_role_reads_nothing_but_the_form_definitions(world: SimpleNamespace) -> None:
    nobody = client_of(UserFactory())
    for path in ("subjects", "studies", "vital-signs", "laboratories", "lab-results", "cycles"):
        assert nobody.get(f"/api/v1/{path}/").status_code == 403, path
    assert nobody.get("/api/v1/forms/").status_code == 200


def test_a_role_in_another_study_shows_nothing_of_this_one(world: SimpleNamespace) -> None:
    other = make_study("TEST-2")
    stranger = client_of(assign(UserFactory(), Role.DATA_MANAGER, other))
    assert results(stranger.get("/api/v1/subjects/")) == []
    assert [each["code"] for each in results(stranger.get("/api/v1/studies/"))] == ["TEST-2"]
    assert {each["study"] for each in results(stranger.get("/api/v1/arms/"))} == {"TEST-2"}
    assert stranger.get("/api/v1/subjects/ZS-001/").status_code == 404


def test_a_code_that_stands_in_two_studies_asks_for_the_study(world: SimpleNamespace) -> None:
    other = make_study("TEST-2")
    second = make_site(other, "ZS")
    both = assign(world.coordinator, Role.COORDINATOR, other, second)
    screened_subject(both, second)
    client = client_of(both)
    assert Site.objects.filter(code="ZS").count() == 2
    ambiguous = client.get("/api/v1/subjects/ZS-001/")
    assert ambiguous.status_code == 409
    assert "study" in ambiguous.json()["errors"]["detail"][0]
    assert client.get("/api/v1/subjects/ZS-001/?study=TEST-2").json()["study"] == "TEST-2"
    body = {"subject": "ZS-001", "term": "rash"}
    assert client.post("/api/v1/adverse-events/", body, format="json").status_code == 409
    named = client.post("/api/v1/adverse-events/", {**body, "study": "TEST-1"}, format="json")
    assert named.status_code == 201
