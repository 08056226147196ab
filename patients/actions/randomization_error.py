"""A randomization that should not have been: it stays, and a protocol deviation says so."""

from typing import Any

from django.db import models
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from patients.actions.effects import take_effect
from patients.actions.entry import prepare
from patients.actions.permission import act_on
from patients.forms import definition_of
from patients.models import (
    Allocation,
    DeviationCategory,
    DeviationStatus,
    ProtocolDeviation,
    Subject,
    YesNo,
)
from trials.actions.errors import Refused, WrongState
from trials.actions.given import needed
from trials.audit import clock
from trials.audit.recording import recording
from trials.models import User
from trials.roles import Verb


class RandomizationErrorKind(models.TextChoices):
    """What was wrong with the randomization."""

    INELIGIBLE = "INELIGIBLE", _("The subject was not eligible")
    MISTAKEN = "MISTAKEN", _("The subject was randomized by mistake (another person, twice, too early)")
    STRATUM = "STRATUM", _("The subject was randomized in the wrong stratum")


CATEGORIES = {
    RandomizationErrorKind.INELIGIBLE: DeviationCategory.ELIGIBILITY,
    RandomizationErrorKind.MISTAKEN: DeviationCategory.RANDOMIZATION,
    RandomizationErrorKind.STRATUM: DeviationCategory.RANDOMIZATION,
}
WORDS = "Say what was wrong with the randomization."


def record_randomization_error(
    *, actor: User, subject: Subject, kind: str, reason: str, important: str = YesNo.YES
) -> ProtocolDeviation:
    """Confirm a protocol deviation about the subject's randomization; allocation and arm stay as they are.

    Nothing undoes a randomization: the subject is analyzed as randomized. Raises NotPermitted,
    ReasonRequired, Refused (kind, important), WrongState (the subject is not randomized).
    """
    reason = needed(reason, WORDS)
    if kind not in RandomizationErrorKind.values:
        raise Refused({"kind": [f"must be one of {', '.join(RandomizationErrorKind.values)}"]})
    if important not in YesNo.values:
        raise Refused({"important": [f"must be one of {', '.join(YesNo.values)}"]})
    act = act_on(subject, actor, Verb.RECORD_RANDOMIZATION_ERROR, "record randomization error", reason)
    with recording(subject.chain, act):
        subject = Subject.locked(pk=subject.pk)
        allocation = Allocation.objects.filter(subject=subject).first()
        if allocation is None:
            raise WrongState("The subject is not randomized.")
        others = ProtocolDeviation.objects.filter(subject=subject).aggregate(last=Max("repeat"))
        day: Any = allocation.randomized_on.isoformat()
        made = ProtocolDeviation(
            subject=subject,
            repeat=(others["last"] or 0) + 1,
            form_version=ProtocolDeviation.form.version,
            protocol_version=subject.study.protocol_version,
            occurred_on=day,
            noticed_on=clock.today(subject.site.time_zone),
            category=CATEGORIES[RandomizationErrorKind(kind)],
            description=f"{RandomizationErrorKind(kind).label}: {reason}",
            important=important,
            status=DeviationStatus.CONFIRMED,
        )
        prepare(definition_of(ProtocolDeviation), made, {}, "")
        made.save()
        take_effect([made])
    return made
