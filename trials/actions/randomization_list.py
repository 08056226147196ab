"""Make, import and prove the randomization list: acts of its keeper alone.

What is published is the digest. Seed, nonce, block sizes and slots stay in tables that only the keeper
reads; they never reach a note, a reason, a message or a log.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Max

from trials.actions.errors import Refused
from trials.audit.recording import Act, recording
from trials.clinical import imported_randomization, randomization
from trials.clinical.randomization import MAX_LENGTH, NONCE_BYTES, RandomizationError
from trials.models import Arm, RandomizationList, RandomizationSeal, RandomizationSlot, Study, User
from trials.roles import Verb, require

SEED_BYTES = 32
BLOCK_MULTIPLES = (2, 3, 4, 5)
MAX_STRATA = 100
MAX_SLOTS = MAX_LENGTH
COLUMNS = ("number", "stratum", "arm")

Slot = tuple[str, int, str]
Arms = list[tuple[str, int]]


@dataclass(frozen=True)
class _Sealed:
    """A list before it is stored. `seed` is empty for an imported list."""

    algorithm: str
    digest: str
    seed: bytes
    nonce: bytes
    block_sizes: list[int]
    arms: Arms
    slots: list[Slot]


def create_list(
    *,
    actor: User,
    study: Study,
    name: str,
    length: int,
    arms: Sequence[tuple[str, int]] | None = None,
    block_sizes: Sequence[int] | None = None,
    strata: Sequence[str] = ("",),
    is_demo: bool = False,
    seed: bytes | None = None,
    nonce: bytes | None = None,
) -> RandomizationList:
    """A new list of `length` slots for each stratum, from fresh random bits.

    Arms and their shares are those of the study unless given. Block sizes that the keeper does not give are
    drawn at random, so that no protocol file or setting tells them. A seed or nonce is given only where
    data are synthetic. Raises NotPermitted, Refused (naming the field).
    """
    role = require(actor, Verb.MANAGE_LIST, study=study)
    _check_name_and_strata(name, strata)
    _refuse_demo(is_demo, seed, nonce)
    shares = _arms(study, arms)
    sizes = _drawn_block_sizes(shares) if block_sizes is None else list(block_sizes)
    seed, nonce = seed or secrets.token_bytes(SEED_BYTES), nonce or secrets.token_bytes(NONCE_BYTES)
    if length * len(strata) > MAX_SLOTS:
        raise Refused({"length": [f"gives more than {MAX_SLOTS} slots"]})
    try:
        slots = _generated(seed, strata, shares, sizes, length)
        digest = randomization.published_digest(
            nonce=nonce, seed=seed, block_sizes=sizes, arms=shares, slots=slots
        )
    except RandomizationError as error:
        raise Refused(str(error)) from None
    sealed = _Sealed(randomization.ALGORITHM, digest, seed, nonce, sizes, shares, slots)
    return _store(study, name, is_demo, sealed, Act(actor, role, "create randomization list"))


def import_list(
    *, actor: User, study: Study, name: str, rows: Iterable[Mapping[str, Any]], is_demo: bool = False
) -> RandomizationList:
    """A list that was made elsewhere: rows with `number`, `stratum` (may be empty) and `arm`.

    Numbers count from 1 without a gap in each stratum. Raises NotPermitted, Refused (naming the rows).
    """
    role = require(actor, Verb.MANAGE_LIST, study=study)
    _check_name_and_strata(name, ("",))
    _refuse_demo(is_demo, None, None)
    shares = _arms(study, None)
    slots = _imported(rows, {code for code, _share in shares})
    nonce = secrets.token_bytes(NONCE_BYTES)
    digest = imported_randomization.published_digest(nonce=nonce, arms=shares, slots=slots)
    sealed = _Sealed(imported_randomization.ALGORITHM, digest, b"", nonce, [], shares, slots)
    return _store(study, name, is_demo, sealed, Act(actor, role, "import randomization list"))


def replay(randomization_list: RandomizationList) -> bool:
    """Whether the stored slots are those that the seal generates, and both fit the published digest.

    An imported list has no seed: its slots are compared with the digest.
    """
    seal: Any = RandomizationSeal.objects.get(list=randomization_list)
    stored = RandomizationSlot.objects.filter(list=randomization_list).select_related("arm")
    slots: list[Slot] = [(slot.stratum, slot.number, slot.arm.code) for slot in stored]
    arms: Arms = [(code, share) for code, share in seal.arms]
    seed, nonce = bytes.fromhex(seal.seed), bytes.fromhex(seal.nonce)
    try:
        if randomization_list.algorithm == imported_randomization.ALGORITHM:
            digest = imported_randomization.published_digest(nonce=nonce, arms=arms, slots=slots)
            return digest == randomization_list.published_digest
        if randomization_list.algorithm != randomization.ALGORITHM:
            return False
        return _fits_seed(slots, seed, arms, seal.block_sizes) and (
            randomization_list.published_digest
            == randomization.published_digest(
                nonce=nonce, seed=seed, block_sizes=seal.block_sizes, arms=arms, slots=slots
            )
        )
    except RandomizationError:
        return False


def _fits_seed(slots: Sequence[Slot], seed: bytes, arms: Arms, block_sizes: Sequence[int]) -> bool:
    for stratum in {stratum for stratum, _number, _arm in slots}:
        stored = sorted((number, arm) for each, number, arm in slots if each == stratum)
        made = _generated(seed, [stratum], arms, block_sizes, len(stored))
        if stored != [(number, arm) for _stratum, number, arm in made]:
            return False
    return True


def _generated(
    seed: bytes, strata: Sequence[str], arms: Arms, block_sizes: Sequence[int], length: int
) -> list[Slot]:
    return [
        (stratum, number, arm)
        for stratum in strata
        for number, arm in enumerate(
            randomization.allocate(
                seed=seed, stratum=stratum, arms=arms, block_sizes=block_sizes, length=length
            ),
            1,
        )
    ]


def _check_name_and_strata(name: str, strata: Sequence[str]) -> None:
    longest = RandomizationList._meta.get_field("name").max_length or 0
    if not name.strip() or len(name) > longest or not name.isprintable():
        raise Refused({"name": [f"must be printable text of 1 to {longest} characters"]})
    width = RandomizationSlot._meta.get_field("stratum").max_length or 0
    if not 1 <= len(strata) <= MAX_STRATA or len(set(strata)) < len(strata):
        raise Refused({"strata": [f"must be 1 to {MAX_STRATA} strata, none twice"]})
    if any(len(stratum) > width or not stratum.isprintable() for stratum in strata):
        raise Refused({"strata": [f"must be printable text of at most {width} characters each"]})


def _refuse_demo(is_demo: bool, seed: bytes | None, nonce: bytes | None) -> None:
    if is_demo and not settings.DEMO:
        raise Refused({"is_demo": ["a demonstration list exists only under demo settings"]})
    if (seed is not None or nonce is not None) and not settings.DEMO:
        raise Refused({"seed": ["comes from the system's random source and is never given"]})


def _arms(study: Study, chosen: Sequence[tuple[str, int]] | None) -> Arms:
    known = {arm.code: arm.ratio for arm in Arm.objects.filter(study=study).order_by("code")}
    arms = list(known.items()) if chosen is None else [(code, share) for code, share in chosen]
    unknown = sorted({code for code, _share in arms} - known.keys())
    if unknown:
        raise Refused({"arms": [f"{', '.join(unknown)}: not an arm of the study"]})
    return arms


def _drawn_block_sizes(arms: Arms) -> list[int]:
    """Two different sizes out of four, from the system's random source."""
    smallest = sum(share for _code, share in arms)
    return sorted(secrets.SystemRandom().sample([smallest * times for times in BLOCK_MULTIPLES], 2))


def _imported(rows: Iterable[Mapping[str, Any]], arms: set[str]) -> list[Slot]:
    slots: list[Slot] = []
    errors: dict[str, Any] = {}
    for position, row in enumerate(rows, 1):
        if position > MAX_SLOTS:
            raise Refused({"rows": [f"are more than {MAX_SLOTS}"]})
        faults = list(_faults(row, arms))
        if faults:
            errors[f"row {position}"] = faults
        else:
            slots.append((str(row.get("stratum") or ""), int(row["number"]), str(row["arm"])))
    errors |= {} if errors else _gaps(slots)
    if errors or not slots:
        raise Refused(errors or {"rows": ["there is none"]})
    return slots


def _faults(row: Mapping[str, Any], arms: set[str]) -> Iterable[str]:
    # The messages never repeat an arm: they may be shown or logged where the list may not.
    width = RandomizationSlot._meta.get_field("stratum").max_length or 0
    number = str(row.get("number") or "")
    if not (number.isascii() and number.isdigit() and len(number) <= 6 and int(number) >= 1):
        yield "number: must be a whole number from 1"
    stratum = str(row.get("stratum") or "")
    if len(stratum) > width or not stratum.isprintable():
        yield f"stratum: must be printable text of at most {width} characters"
    if str(row.get("arm")) not in arms:
        yield "arm: is not an arm of the study"
    if set(row) - set(COLUMNS):
        yield f"columns: only {', '.join(COLUMNS)} are known"


def _gaps(slots: Sequence[Slot]) -> dict[str, Any]:
    errors: dict[str, Any] = {}
    for stratum in sorted({stratum for stratum, _number, _arm in slots}):
        numbers = sorted(number for each, number, _arm in slots if each == stratum)
        if numbers != list(range(1, len(numbers) + 1)):
            wrong = next(number for place, number in enumerate(numbers, 1) if number != place)
            name = f"stratum “{stratum}”" if stratum else "rows"
            errors[name] = [f"numbers must count from 1 without a gap or repetition; see number {wrong}"]
    return errors


def _store(study: Study, name: str, is_demo: bool, sealed: _Sealed, act: Act) -> RandomizationList:
    with recording(study.chain, act) as record:
        if RandomizationList.objects.filter(study=study, name=name).exists():
            raise Refused({"name": ["is the name of another list of this study"]})
        arms = {arm.code: arm for arm in Arm.objects.filter(study=study)}
        last = RandomizationList.objects.filter(study=study).aggregate(last=Max("order"))["last"] or 0
        made = RandomizationList(
            study=study,
            name=name,
            published_digest=sealed.digest,
            algorithm=sealed.algorithm,
            is_demo=is_demo,
            order=last + 1,
        )
        made.save()
        RandomizationSeal(
            study=study,
            list=made,
            seed=sealed.seed.hex(),
            nonce=sealed.nonce.hex(),
            block_sizes=sealed.block_sizes,
            arms=[list(arm) for arm in sealed.arms],
        ).save()
        record.save_all(
            [
                RandomizationSlot(study=study, list=made, stratum=stratum, number=number, arm=arms[arm])
                for stratum, number, arm in sealed.slots
            ]
        )
    return made
