"""What was published of a list, and what must never be shown of it."""

from typing import Any

from trials.models import (
    RandomizationList,
    RandomizationPublication,
    RandomizationSeal,
)


def digests() -> list[str]:
    rows = RandomizationPublication.objects.values_list("digest", "commitments_digest")
    return [digest for row in rows for digest in row]


def secrets_of(made: RandomizationList) -> list[str]:
    seal: Any = RandomizationSeal.objects.get(list=made)
    return [seal.seed, seal.nonce]
