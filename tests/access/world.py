"""Two sites of one study and another study, all with records, and somebody in every role at each."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Model
from knox.models import get_token_model

from patients.actions.ask import place, raise_query
from patients.actions.locks import ask_unlock, close
from patients.actions.redaction import ask_redaction_of_words
from patients.actions.review_audit import review_audit
from patients.actions.save_form import create_form
from patients.actions.seen import Seen
from patients.actions.signatures import acknowledge_policy, sign
from patients.actions.verification import verify
from patients.actions.visits import add_unscheduled_visit
from patients.forms import definition_of, form_models
from patients.models import (
    POLICY_VERSION,
    AuditReview,
    LabResult,
    LabSample,
    Lock,
    Query,
    Signature,
    Subject,
    Verification,
    VitalSigns,
)
from tests.factories import (
    PASSWORD,
    coordinator_of,
    make_list,
    make_site,
    make_study,
    opened,
    person,
    randomized_subject,
    save,
    screened_subject,
)
from tests.reentry import typed
from trials.audit import clock
from trials.models import (
    AuditEvent,
    DoseModificationTable,
    ProhibitedMedication,
    RandomizationList,
    Reference,
    ReferenceRange,
    Role,
    ScheduledForm,
    Site,
    Study,
    StudyContact,
    User,
)

AT_A_SITE = {"investigator": Role.INVESTIGATOR, "coordinator": Role.COORDINATOR, "monitor": Role.MONITOR}
IN_A_STUDY = {
    "principal": Role.INVESTIGATOR,
    "data_manager": Role.DATA_MANAGER,
    "statistician": Role.STATISTICIAN,
    "keeper": Role.RANDOMIZATION_KEEPER,
    "administrator": Role.ADMINISTRATOR,
}
DAY = date(2021, 3, 8)


@dataclass(frozen=True)
class World:
    """The study that is asked about, its records by the placeholder that names them, and the people."""

    study: Study
    site: Site
    records: dict[str, Any]
    people: dict[str, User]
    """By column, and for `other_site` and `other_study` by "other_site investigator"."""
    secrets: dict[str, list[str]]
    """What no reply tells to people of the other site, and of the other study."""


def make_world() -> World:
    study = make_study()
    _rules_of_treatment(study)
    site, other_site = make_site(study, "QD"), make_site(study, "WX")
    make_list(study, "ABABABAB")
    other_study = make_study("OTHER-2")
    elsewhere = make_site(other_study, "XX")
    people: dict[str, User] = {
        "superuser": User.objects.create_user("installation", password=PASSWORD, is_superuser=True),
        **{name: person(role, study, site, full_name=f"Dr. {name}") for name, role in AT_A_SITE.items()},
        **{name: person(role, study, full_name=f"Dr. {name}") for name, role in IN_A_STUDY.items()},
        **{f"other_site {name}": person(role, study, other_site) for name, role in AT_A_SITE.items()},
        **{f"other_study {name}": person(role, other_study, elsewhere) for name, role in AT_A_SITE.items()},
        **{f"other_study {name}": person(role, other_study) for name, role in IN_A_STUDY.items()},
    }
    owner = coordinator_of(site)
    records = _records(owner, site, people)
    screened_subject(coordinator_of(other_site), other_site)
    screened_subject(coordinator_of(elsewhere), elsewhere)
    codes = [records["subject"].code, records["second"].code, "Hospital QD", "Laboratory QD", "QD-LAB"]
    secrets = {"other_site": codes, "other_study": [*codes, study.code, "Hospital WX", "WX-001"]}
    return World(study, site, records, people, secrets)


def _rules_of_treatment(study: Study) -> None:
    since = date(2020, 3, 6)
    save(
        study.chain,
        DoseModificationTable(study=study, code="1", title="Table", valid_from=since, source="a label"),
        ProhibitedMedication(study=study, code="VKA", title="Antagonists", names=["x"], valid_from=since),
        StudyContact(study=study, name="Somebody", role="CONTACT"),
        ScheduledForm(study=study, visit=study.visitdefinitions.get(code="SCR"), form="VS"),
        Reference(study=study, kind="BACKGROUND", pubmed_id="1", citation="A report"),
    )


def _records(owner: User, site: Site, people: dict[str, User]) -> dict[str, Any]:
    """A record of the own site for every placeholder; `account` has a session and a token of its own."""
    subject, second = randomized_subject(owner, site), screened_subject(owner, site)
    visit = opened(owner, subject, "C1D1", DAY)
    for model in form_models():
        if not model._default_manager.filter(subject=subject).exists() and model is not LabSample:
            here = visit if model.form.at_visit else None
            said = {"missing_reasons": {definition_of(model).asked[0].name: "UNKNOWN"}}
            create_form(actor=owner, form=model, subject=subject, visit=here, data=said)
    sample = {"collected_on": DAY.isoformat(), "laboratory": f"{site.code}-LAB"}
    results = {"results": [{"test": "ALT", "value": "30", "unit": "U/L"}]}
    create_form(actor=owner, form=LabSample, subject=subject, visit=visit, data=sample, rows=results)
    vital_signs = VitalSigns.objects.get(subject=subject, visit__code="SCR")
    third = randomized_subject(owner, site)
    for number in range(3):
        add_unscheduled_visit(actor=owner, subject=third, occurred_on=DAY, why=f"reason {number}")
    unscheduled = third.visits.filter(definition=None).order_by("pk")
    locks = _locks(people["data_manager"], *unscheduled)
    return {
        "study": site.study,
        "site": site,
        "subject": subject,
        "second": second,
        "visit": visit,
        "third": third,
        "planned": third.visits.filter(occurred_on=None).earliest("pk"),
        "cycle": subject.cycles.first(),
        "vital_signs": vital_signs,
        "check_query": Query.objects.filter(subject=subject, raised_by="CHECK").earliest("pk"),
        "lab_result": LabResult.objects.filter(parent__subject=subject).earliest("pk"),
        "assignment": people["coordinator"].assignments.get(),
        "table": DoseModificationTable.objects.get(study=site.study),
        "range": ReferenceRange.objects.filter(laboratory__site=site).earliest("pk"),
        "list": RandomizationList.objects.get(study=site.study),
        "event": AuditEvent.objects.filter(chain=subject.chain).latest("pk"),
        **locks,
        **_marks(vital_signs, people),
        **_account(owner),
    }


def _locks(manager: User, frozen: Any, locked: Any, asked: Any) -> dict[str, Lock]:
    freeze = close(actor=manager, kind="FREEZE", noun=frozen, reason="to be looked at")
    lock = close(actor=manager, kind="LOCK", noun=locked, reason="done")
    waiting = close(actor=manager, kind="LOCK", noun=asked, reason="done")
    waiting = ask_unlock(actor=manager, lock=waiting, version=waiting.version, reason="a late answer")
    return {"frozen": freeze, "locked": lock, "asked": waiting}


def _marks(form: VitalSigns, people: dict[str, User]) -> dict[str, Any]:
    seen, monitor, signer = [Seen(form, form.version)], people["monitor"], people["principal"]
    query: Query = raise_query(actor=monitor, asked=place(form, field="weight"), words="Is that right?")
    named = raise_query(actor=monitor, asked=place(form, field="height"), words="Why did Somebody say so?")
    redaction = ask_redaction_of_words(actor=monitor, record=named, reason="it names a person")
    verification: Verification = verify(actor=monitor, seen=seen, extent="WHOLE")[0]
    for each in (signer, people["investigator"]):
        acknowledge_policy(actor=each, version=POLICY_VERSION)
    signature: Signature = sign(actor=signer, reentry=typed(signer), seen=seen, meaning="REVIEW")
    event = AuditEvent.objects.filter(chain=form.subject.chain).earliest("pk")
    mark: AuditReview = review_audit(actor=monitor, up_to=[event.pk])[0]
    return {
        "redaction": redaction,
        "query": query,
        "verification": verification,
        "signature": signature,
        "mark": mark,
    }


def _account(owner: User) -> dict[str, Any]:
    session = owner.sessions.create(started_at=clock.now(), last_used_at=clock.now(), browser="a browser")
    token, _text = get_token_model().objects.create(user=owner)
    return {"account": owner, "session": session, "token": token}


def row_of(model: type[Model], subject: Subject) -> Any:
    """A row of the own site, or of the own study, of any model. Raises LookupError where there is none."""
    names = {field.name for field in model._meta.get_fields()}
    rows: Any = model._default_manager.all()
    if model in (Study, Site):
        rows = rows.filter(pk=subject.study_id if model is Study else subject.site_id)
    elif "subject" in names:
        rows = rows.filter(subject=subject)
    elif "site" in names:
        rows = rows.filter(site=subject.site)
    elif "laboratory" in names:
        rows = rows.filter(laboratory__site=subject.site)
    else:
        rows = rows.filter(study=subject.study)
    found = rows.order_by("pk").first()
    if found is None:
        raise LookupError(f"the world of the matrix holds no {model._meta.label}")
    return found
