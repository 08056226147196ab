"""The events of a chain, for tests."""

from trials.models import AuditEvent, Chain


def events(chain: Chain) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(chain=chain).order_by("number"))


def newest(chain: Chain) -> AuditEvent:
    return events(chain)[-1]
