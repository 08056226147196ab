"""Make, import, extend, close and look at the randomization list: acts of its keeper alone.

What is published are the digests. Seed, nonce, block sizes and slots stay in tables that only the keeper
reads; they never reach a note, a reason, a message or a log. A slot that is there never changes.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db.models import Max

from trials.actions.errors import Refused, WrongState
from trials.actions.given import needed
from trials.actions.randomization_import import MAX_SLOTS, slots_of
from trials.actions.sealed_list import (
    Arms,
    Lengths,
    Sealed,
    append,
    faults_of_list,
    named,
    publish,
    sealed,
    slots_from_seed,
    store,
)
from trials.audit import clock
from trials.audit.recording import Act, recording
from trials.clinical import imported_randomization, randomization
from trials.clinical.randomization import NONCE_BYTES, RandomizationError
from trials.clinical.stratification import SETTING, Factor, StratificationError, factors_of, strata_of
from trials.models import Arm, RandomizationList, RandomizationPublication, Study, StudySetting, User
from trials.roles import Verb, require

SEED_BYTES = 32
BLOCK_MULTIPLES = (2, 3, 4, 5)


def create_list(
    *,
    actor: User,
    study: Study,
    name: str,
    length: int,
    arms: Sequence[tuple[str, int]] | None = None,
    block_sizes: Sequence[int] | None = None,
    strata: Sequence[str] | None = None,
    is_demo: bool = False,
    seed: bytes | None = None,
    nonce: bytes | None = None,
) -> RandomizationList:
    """A new list of `length` slots for each stratum, from fresh random bits.

    Strata are all those of the study's factors unless some of them are chosen; arms and their shares those
    of the study unless given. Block sizes that the keeper does not give are drawn at random, so that no
    protocol file or setting tells them. A seed or nonce is given only where data are synthetic. Raises
    NotPermitted, Refused (naming the field).
    """
    role = require(actor, Verb.MANAGE_LIST, study=study)
    _check_name(name)
    chosen = _strata(study, strata)
    _refuse_demo(is_demo, seed, nonce)
    shares = _arms(study, arms)
    sizes = _drawn_block_sizes(shares) if block_sizes is None else list(block_sizes)
    seed, nonce = seed or secrets.token_bytes(SEED_BYTES), nonce or secrets.token_bytes(NONCE_BYTES)
    lengths = dict.fromkeys(chosen, length)
    _refuse_too_many(lengths)
    try:
        slots = slots_from_seed(seed, shares, sizes, lengths)
        content = Sealed(randomization.ALGORITHM, seed, nonce, sizes, shares, slots)
        content.text()
    except RandomizationError as error:
        raise Refused(str(error)) from None
    return _stored(study, name, is_demo, content, Act(actor, role, "create randomization list"))


def import_list(
    *, actor: User, study: Study, name: str, rows: Iterable[Mapping[str, Any]], is_demo: bool = False
) -> RandomizationList:
    """A list that was made elsewhere: rows with `number`, `stratum` (may be empty) and `arm`.

    Numbers count from 1 without a gap in each stratum. Raises NotPermitted, Refused (naming the rows).
    """
    role = require(actor, Verb.MANAGE_LIST, study=study)
    _check_name(name)
    _refuse_demo(is_demo, None, None)
    shares = _arms(study, None)
    slots = slots_of(rows, {code for code, _share in shares}, strata_of(factors_of_study(study)))
    nonce = secrets.token_bytes(NONCE_BYTES)
    content = Sealed(imported_randomization.ALGORITHM, b"", nonce, [], shares, slots)
    return _stored(study, name, is_demo, content, Act(actor, role, "import randomization list"))


def extend_list(
    *,
    actor: User,
    randomization_list: RandomizationList,
    length: int,
    reason: str,
    strata: Sequence[str] | None = None,
) -> RandomizationList:
    """Make strata of the last list longer, up to `length` slots each, from the seed that it has.

    A longer list begins with the shorter one, so no slot that is there changes; the digests of the longer
    one are published beside the earlier ones. Raises NotPermitted, ReasonRequired, Refused, WrongState (a
    list that is closed, imported, followed by another, or does not fit its seal).
    """
    study = randomization_list.study
    role = require(actor, Verb.MANAGE_LIST, study=study)
    reason = needed(reason, "A reason is required for a longer list.")
    with recording(study.chain, Act(actor, role, "extend randomization list", reason)) as record:
        kept = _open_and_locked(randomization_list)
        _refuse_demo(kept.is_demo, None, None)
        content = _last_with_seed(kept)
        longer = content.lengths | dict.fromkeys(_strata(study, strata), length)
        _refuse_shorter(content.lengths, longer)
        _refuse_too_many(longer)
        try:
            slots = slots_from_seed(content.seed, content.arms, content.block_sizes, longer)
        except RandomizationError as error:
            raise Refused(str(error)) from None
        known = set(content.slots)
        append(record, kept, [slot for slot in slots if slot not in known])
        number = RandomizationPublication.objects.filter(list=kept).count() + 1
        published = publish(kept, replace(content, slots=slots), number)
        kept.published_digest = published.digest
        kept.save()
    return kept


def close_list(*, actor: User, randomization_list: RandomizationList, reason: str) -> RandomizationList:
    """Nothing is drawn from the list any more, for ever; only then may it be shown to its end.

    Raises NotPermitted, ReasonRequired, WrongState (closed already).
    """
    study = randomization_list.study
    role = require(actor, Verb.MANAGE_LIST, study=study)
    reason = needed(reason, "A reason is required for closing a list.")
    with recording(study.chain, Act(actor, role, "close randomization list", reason)):
        kept = _open_and_locked(randomization_list)
        kept.closed_at = clock.now()
        kept.save()
    return kept


def view_sealed(*, actor: User, randomization_list: RandomizationList, reason: str) -> Sealed | None:
    """The whole content of a list, shown to its keeper for a reason that is recorded with the view.

    None for a list without a seal. Raises NotPermitted, ReasonRequired.
    """
    study = randomization_list.study
    role = require(actor, Verb.MANAGE_LIST, study=study)
    reason = needed(reason, "A reason is required for looking at a sealed list.")
    with recording(study.chain, Act(actor, role, "view of unblinded list", reason)) as record:
        record.note(f"Seed, block sizes and every slot of the list “{randomization_list.name}” were shown.")
        content = sealed(randomization_list)
    return content


def factors_of_study(study: Study) -> tuple[Factor, ...]:
    """What stratifies the randomization of a study. Raises WrongState where its setting cannot be read."""
    stated = StudySetting.objects.filter(study=study, key=SETTING).first()
    try:
        return factors_of(stated.value if stated is not None else None)
    except StratificationError as error:
        raise WrongState(f"The stratification of the study cannot be followed: {error}") from None


def _open_and_locked(randomization_list: RandomizationList) -> RandomizationList:
    """The list as it is now, under the lock that every draw takes first."""
    lists = RandomizationList.objects.select_for_update().filter(study_id=randomization_list.study_id)
    kept = next(each for each in lists.order_by("order") if each.pk == randomization_list.pk)
    if kept.closed_at is not None:
        raise WrongState(f"The list “{kept.name}” is closed for ever.")
    return kept


def _last_with_seed(kept: RandomizationList) -> Sealed:
    later = RandomizationList.objects.filter(study_id=kept.study_id, order__gt=kept.order).first()
    if later is not None:
        raise WrongState(f"The list “{later.name}” follows it: extend the last one.")
    content = sealed(kept)
    if content is None or content.is_imported:
        raise WrongState("An imported list has no seed: import a further list instead.")
    if faults_of_list(kept):
        raise WrongState("The list does not fit its seal; verify_randomization says why.")
    return content


def _refuse_shorter(before: Lengths, after: Lengths) -> None:
    if before == after or any(after[stratum] < length for stratum, length in before.items()):
        longest = max(before.values())
        raise Refused({"length": [f"must be more than the slots that are there (at most {longest})"]})


def _refuse_too_many(lengths: Lengths) -> None:
    if sum(lengths.values()) > MAX_SLOTS:
        raise Refused({"length": [f"gives more than {MAX_SLOTS} slots"]})


def _check_name(name: str) -> None:
    longest = RandomizationList._meta.get_field("name").max_length or 0
    if not name.strip() or len(name) > longest or not name.isprintable():
        raise Refused({"name": [f"must be printable text of 1 to {longest} characters"]})


def _strata(study: Study, chosen: Sequence[str] | None) -> list[str]:
    """The strata of the study, or those chosen among them. Raises Refused."""
    known = strata_of(factors_of_study(study))
    if chosen is None:
        return known
    if not chosen or len(set(chosen)) < len(chosen):
        raise Refused({"strata": ["must be at least one stratum, none twice"]})
    unknown = [stratum for stratum in chosen if stratum not in known]
    if unknown:
        strata = ", ".join(map(named, known[:10]))
        raise Refused({"strata": [f"must be those of the study's factors: {strata}"]})
    return list(chosen)


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


def _stored(study: Study, name: str, is_demo: bool, content: Sealed, act: Act) -> RandomizationList:
    with recording(study.chain, act) as record:
        if RandomizationList.objects.filter(study=study, name=name).exists():
            raise Refused({"name": ["is the name of another list of this study"]})
        last = RandomizationList.objects.filter(study=study).aggregate(last=Max("order"))["last"] or 0
        made = RandomizationList(study=study, name=name, is_demo=is_demo, order=last + 1)
        store(record, made, content)
    return made
