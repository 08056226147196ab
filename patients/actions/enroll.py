"""Enroll a subject: a code, a casebook, the screening visit."""

from datetime import date

from django.db import transaction

from patients.actions.schedule import plan_screening
from patients.models import Subject, SubjectStatus
from trials.actions.errors import Refused, WrongState
from trials.actions.given import day, identifier
from trials.audit import clock
from trials.audit.recording import Act, recording
from trials.models import Chain, ChainKind, Site, User
from trials.roles import Verb, require

NUMBER_WIDTH = 3


def enroll(
    *,
    actor: User,
    site: Site,
    screened_on: date,
    previous: Subject | None = None,
    external_id: str = "",
    is_synthetic: bool = False,
) -> Subject:
    """A new subject of the site, with the next number; nobody chooses a number or a code.

    `previous` links a re-screened person to the earlier screening failure. Raises NotPermitted, Refused
    (naming the field), WrongState (the earlier subject is no screening failure, or re-screened already).
    """
    role = require(actor, Verb.ENROLL, site=site)
    screened_on, external_id = day("screened_on", screened_on), identifier("external_id", external_id)
    if screened_on > clock.today(site.time_zone):
        raise Refused({"screened_on": ["lies in the future"]})
    with transaction.atomic(durable=True):
        # The site's row is the lock of its numbers: two coordinators never get the same one.
        Site.locked(pk=site.pk)
        _check_unused(site, external_id)
        _check_previous(site, previous)
        number = (
            Subject.objects.filter(site=site).order_by("-number").values_list("number", flat=True).first()
            or 0
        ) + 1
        code = f"{site.code}-{number:0{NUMBER_WIDTH}d}"
        chain = Chain.objects.create(kind=ChainKind.CASEBOOK, key=f"casebook:{site.study.code}/{code}")
        subject = Subject(
            study=site.study,
            site=site,
            number=number,
            code=code,
            screened_on=screened_on,
            previous=previous,
            external_id=external_id,
            is_synthetic=is_synthetic,
            chain=chain,
        )
        with recording(chain, Act(actor, role, "enroll"), durable=False):
            subject.save()
            plan_screening(subject)
    return subject


def _check_unused(site: Site, external_id: str) -> None:
    if external_id and Subject.objects.filter(site=site, external_id=external_id).exists():
        raise WrongState({"external_id": ["is already used by another subject of this site"]})


def _check_previous(site: Site, previous: Subject | None) -> None:
    if previous is None:
        return
    if previous.site_id != site.pk:
        raise Refused({"previous": ["is not a known subject"]})
    previous = Subject.locked(pk=previous.pk)
    if previous.status != SubjectStatus.SCREEN_FAILURE:
        raise WrongState({"previous": ["is not a screening failure"]})
    if Subject.objects.filter(previous=previous).exists():
        raise WrongState({"previous": ["was screened again already"]})
