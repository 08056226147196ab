"""A list with everything that its keeper alone may know, and how it is stored, published and compared.

Nothing here is written to a note, a reason, a message or a log: faults name places, never arms.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from trials.audit.recording import Recording
from trials.clinical import imported_randomization, randomization
from trials.clinical.randomization import RandomizationError
from trials.clinical.slot_commitments import commitments_text
from trials.models import (
    Arm,
    RandomizationList,
    RandomizationPublication,
    RandomizationSeal,
    RandomizationSlot,
)

Slot = tuple[str, int, str]
"""Stratum, number, code of the arm."""
Arms = list[tuple[str, int]]
Lengths = dict[str, int]
"""Slots of each stratum."""


@dataclass(frozen=True, repr=False)
class Sealed:
    """A list in memory. `seed` and `block_sizes` are empty for an imported list. It has no repr: a secret."""

    algorithm: str
    seed: bytes
    nonce: bytes
    block_sizes: list[int]
    arms: Arms
    slots: list[Slot]

    @property
    def is_imported(self) -> bool:
        return self.algorithm == imported_randomization.ALGORITHM

    @property
    def lengths(self) -> Lengths:
        return lengths_of(self.slots)

    def text(self) -> str:
        """The canonical text that is shown at the end. Raises RandomizationError."""
        if self.is_imported:
            return imported_randomization.published_text(nonce=self.nonce, arms=self.arms, slots=self.slots)
        return randomization.published_text(
            nonce=self.nonce,
            seed=self.seed,
            block_sizes=self.block_sizes,
            arms=self.arms,
            slots=self.slots,
        )

    def commitments(self) -> str:
        """The commitments to its slots, which tell no arm. Raises RandomizationError."""
        return commitments_text(nonce=self.nonce, slots=self.slots)

    def up_to(self, lengths: Mapping[str, int]) -> "Sealed":
        """The same list as it was when its strata had these lengths."""
        kept = [slot for slot in self.slots if slot[1] <= lengths.get(slot[0], 0)]
        return replace(self, slots=kept)

    def generated(self) -> list[Slot]:
        """The slots that the seed gives, up to the same lengths. Raises RandomizationError."""
        return slots_from_seed(self.seed, self.arms, self.block_sizes, self.lengths)


def lengths_of(slots: Sequence[Slot]) -> Lengths:
    """How many slots each stratum has."""
    found: Lengths = {}
    for stratum, _number, _arm in slots:
        found[stratum] = found.get(stratum, 0) + 1
    return found


def slots_from_seed(
    seed: bytes, arms: Arms, block_sizes: Sequence[int], lengths: Mapping[str, int]
) -> list[Slot]:
    """The slots of each stratum, from 1 up to its length. Raises RandomizationError."""
    return [
        (stratum, number, arm)
        for stratum, length in lengths.items()
        for number, arm in enumerate(
            randomization.allocate(
                seed=seed, stratum=stratum, arms=arms, block_sizes=block_sizes, length=length
            ),
            1,
        )
    ]


def sealed(kept: RandomizationList) -> Sealed | None:
    """The list as the database holds it; None where it has no seal."""
    seal: Any = RandomizationSeal.objects.filter(list=kept).first()
    if seal is None:
        return None
    rows = RandomizationSlot.objects.filter(list=kept).order_by("stratum", "number")
    return Sealed(
        algorithm=kept.algorithm,
        seed=bytes.fromhex(seal.seed),
        nonce=bytes.fromhex(seal.nonce),
        block_sizes=list(seal.block_sizes),
        arms=[(code, share) for code, share in seal.arms],
        slots=list(rows.values_list("stratum", "number", "arm__code")),
    )


def store(record: Recording, kept: RandomizationList, content: Sealed) -> None:
    """Save a new list with its seal, its slots and its first publication; inside a recording."""
    kept.algorithm, kept.published_digest = content.algorithm, digest(content.text())
    kept.save()
    RandomizationSeal(
        study=kept.study,
        list=kept,
        seed=content.seed.hex(),
        nonce=content.nonce.hex(),
        block_sizes=content.block_sizes,
        arms=[list(arm) for arm in content.arms],
    ).save()
    append(record, kept, content.slots)
    publish(kept, content, 1)


def append(record: Recording, kept: RandomizationList, slots: Sequence[Slot]) -> None:
    """Save further slots; those that are there are never touched."""
    arms = {arm.code: arm for arm in Arm.objects.filter(study=kept.study)}
    record.save_all(
        [
            RandomizationSlot(study=kept.study, list=kept, stratum=stratum, number=number, arm=arms[arm])
            for stratum, number, arm in slots
        ]
    )


def publish(kept: RandomizationList, content: Sealed, number: int) -> RandomizationPublication:
    """The digests of the list as it is now."""
    made = RandomizationPublication(
        study=kept.study,
        list=kept,
        number=number,
        lengths=content.lengths,
        digest=digest(content.text()),
        commitments_digest=digest(content.commitments()),
    )
    made.save()
    return made


def digest(text: str) -> str:
    return sha256(text.encode("ascii")).hexdigest()


def faults_of_list(kept: RandomizationList) -> list[str]:
    """What does not fit between seal, slots and published digests; empty when all does. Tells no arm."""
    content = sealed(kept)
    if content is None:
        return ["has no seal: neither its slots nor its digest can be recomputed"]
    try:
        return [*_faults_of_slots(content), *_faults_of_publications(kept, content)]
    except RandomizationError as error:
        return [f"cannot be recomputed: {error}"]


def replay(kept: RandomizationList) -> bool:
    """Whether the stored slots are those that the seal generates, and both fit what was published.

    An imported list has no seed: its slots are compared with the digests.
    """
    return not faults_of_list(kept)


def _faults_of_slots(content: Sealed) -> list[str]:
    if content.algorithm not in (imported_randomization.ALGORITHM, randomization.ALGORITHM):
        return [f"was made by the algorithm “{content.algorithm}”, which is not known"]
    faults = []
    for stratum, length in content.lengths.items():
        numbers = [number for each, number, _arm in content.slots if each == stratum]
        if sorted(numbers) != list(range(1, length + 1)):
            faults.append(f"{named(stratum)}: slots do not count from 1 without a gap")
    if faults or content.is_imported:
        return faults
    wrong = sorted(set(content.slots) - set(content.generated()))
    return [f"{named(stratum)}: slot {number} is not what the seed gives" for stratum, number, _arm in wrong]


def _faults_of_publications(kept: RandomizationList, content: Sealed) -> list[str]:
    published = list(RandomizationPublication.objects.filter(list=kept).order_by("number"))
    if not published:
        return ["has a seal, but nothing of it was published"]
    faults = []
    for each in published:
        then = content.up_to(each.lengths)
        if then.lengths != each.lengths:
            faults.append(f"publication {each.number}: slots that were published are missing")
            continue
        if digest(then.text()) != each.digest:
            faults.append(f"publication {each.number}: the list does not give the published digest")
        if digest(then.commitments()) != each.commitments_digest:
            faults.append(f"publication {each.number}: the list does not give the digest of the commitments")
    if published[-1].lengths != content.lengths:
        faults.append("has slots that were never published")
    if published[-1].digest != kept.published_digest:
        faults.append("the digest shown with the list is not that of its newest publication")
    return faults


def named(stratum: str) -> str:
    """A stratum within a message.

    >>> named("ECOG=0"), named("")
    ('stratum “ECOG=0”', 'unstratified')
    """
    return f"stratum “{stratum}”" if stratum else "unstratified"
