"""Terms of an adverse event: CTCAE in the study's version, MedDRA in the version that the site has loaded."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from patients.derivations.known import Known
from patients.models import AdverseEvent, Row
from trials.actions.errors import Refused
from trials.models.dictionary import folded
from trials.terminology.lookup import MAX_TEXT

CTCAE_VERSION = "ctcae_version"
NEAR_AT_MOST = 4
NEARNESS = 0.5
# Comparing a text with every term takes longer than everything else about its line of an import.
PROPOSALS_AT_MOST = 50


def derive_terms(event: Any, rows: Mapping[str, Sequence[Row]], known: Known) -> None:
    """Set version and system organ class of the CTCAE term, and what the MedDRA code stands for.

    A term that the version has is stored as it is spelled there. Where the version is loaded, another term
    is refused; where it is not, nothing can be said of a term. Raises Refused, naming terms that are near.
    """
    errors: dict[str, Any] = {}
    if unknown := _derive_ctcae(event, known):
        errors["ctcae_term"] = [unknown]
    if unknown := _derive_meddra(event, known):
        errors["meddra_llt_code"] = [unknown]
    if errors:
        raise Refused(errors)


def _derive_ctcae(event: Any, known: Known) -> str:
    """Set what follows from the CTCAE term; why it is refused, empty where it is not."""
    if not event.ctcae_term:
        event.ctcae_version = event.ctcae_soc = None
        return ""
    stored, in_version = _stored(event, "ctcae_term", "ctcae_version")
    unchanged = stored is not None and folded(stored) == folded(event.ctcae_term)
    # A term stays in the version in which it was given, also when the study moves to another one.
    version = in_version if unchanged and in_version else _version(event, known)
    event.ctcae_version, event.ctcae_soc = version, None
    term = known.ctcae_term(version, event.ctcae_term) if version else None
    if term is not None:
        event.ctcae_term, event.ctcae_soc = term.term, term.system_organ_class
        return ""
    if not version or unchanged or not known.ctcae_words(version):
        return ""
    near = _proposed(version, folded(event.ctcae_term[:MAX_TEXT]), known)
    return f"is not a term of CTCAE {version}" + (f"; near: {', '.join(near)}" if near else "")


def _proposed(version: str, wanted: str, known: Known) -> list[str]:
    """Terms that are near to a text; of an import, only for the first of its unknown texts."""
    if wanted not in known.proposals and len(known.proposals) < PROPOSALS_AT_MOST:
        known.proposals[wanted] = near_terms(known.ctcae_words(version), wanted)
    return known.proposals.get(wanted, [])


def near_terms(terms: Mapping[str, str], wanted: str) -> list[str]:
    """Terms (by their folded text) that a folded text may mean: alike ones first, then sharing a word."""
    alike = get_close_matches(wanted, terms, n=NEAR_AT_MOST, cutoff=NEARNESS)
    words = {word for word in wanted.split() if len(word) > 3}
    sharing = [each for each in terms if words & set(each.split()) and each not in alike]
    return [terms[each] for each in [*alike, *sharing][:NEAR_AT_MOST]]


def _stored(event: Any, *names: str) -> tuple[Any, ...]:
    """Answers as they are stored; None each for a new event."""
    nothing = (None,) * len(names)
    if event.pk is None:
        return nothing
    return AdverseEvent.objects.filter(pk=event.pk).values_list(*names).first() or nothing


def _version(event: Any, known: Known) -> str | None:
    value = known.setting(event.subject.study_id, CTCAE_VERSION)
    return None if value is None else str(value)


def _derive_meddra(event: Any, known: Known) -> str:
    """Set what the code of a lowest level term stands for; why it is refused, empty where it is not."""
    event.meddra_llt = event.meddra_pt = event.meddra_soc = event.meddra_version = None
    event.meddra_pt_code = None
    if event.meddra_llt_code is None:
        return ""
    stored, in_version = _stored(event, "meddra_llt_code", "meddra_version")
    unchanged = stored == event.meddra_llt_code
    version = in_version if unchanged and in_version else known.meddra_version()
    if version is None:
        return ""
    term = known.meddra_term(version, event.meddra_llt_code)
    if term is None:
        return "" if unchanged else f"is not a lowest level term of MedDRA {version}"
    event.meddra_llt, event.meddra_version = term.term, version
    if term.parent is not None:
        event.meddra_pt, event.meddra_pt_code = term.parent.term, int(term.parent.code)
        event.meddra_soc = term.parent.system_organ_class
    return ""
