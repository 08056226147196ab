"""The signatures on a form, as replies, casebooks and exports show them: name, time, meaning, void."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from patients.models import SignatureMeaning
from trials.csv_cells import cell

SIGNATURES_SCHEMA: dict[str, Any] = {
    "type": "array",
    "title": "Signatures on this form, newest first; a void one stays and says why",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "signature": {"type": "integer", "title": "Id of the signature"},
            "printed_name": {"type": "string"},
            "username": {"type": "string"},
            "role": {"type": "string"},
            "signed_at": {"type": "string", "format": "date-time"},
            "meaning": {"type": "string", "enum": list(SignatureMeaning.values)},
            "statement": {"type": "string", "title": "What the signature says"},
            "version": {"type": "integer", "title": "The version that was signed"},
            "void": {"type": "boolean"},
            "void_cause": {"type": "string", "title": "What changed; never its value"},
            "void_at": {"type": ["string", "null"], "format": "date-time"},
        },
    },
}


def shown_signed(signed: Any, signature: Any) -> dict[str, Any]:
    """One signature on a form; both may be rows of the history."""
    return {
        "signature": signature.id,
        "printed_name": signature.printed_name,
        "username": signature.username,
        "role": signature.role,
        "signed_at": _instant(signature.signed_at),
        "meaning": signature.meaning,
        "statement": signature.statement,
        "version": signed.version,
        "void": signed.void,
        "void_cause": signed.void_cause,
        "void_at": _instant(signed.void_at) if signed.void_at else None,
    }


def signatures_by_form(snapshot: Mapping[str, Any]) -> dict[tuple[str, int], list[dict[str, Any]]]:
    """The signatures of a snapshot of the casebook by form and record, newest first."""
    signatures = {each.id: each for each in snapshot.get("signatures", ())}
    found: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for signed in reversed(snapshot.get("signed_forms", ())):
        own = found.setdefault((signed.form, signed.record_id), [])
        own.append(shown_signed(signed, signatures[signed.signature_id]))
    return found


def shown_signatures(snapshot: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The signatures of a snapshot of the casebook, oldest first, with how many of their forms are void."""
    signed: dict[int, list[bool]] = {}
    for each in snapshot.get("signed_forms", ()):
        signed.setdefault(each.signature_id, []).append(each.void)
    return [
        {
            "signature": each.id,
            "printed_name": each.printed_name,
            "username": each.username,
            "role": each.role,
            "signed_at": _instant(each.signed_at),
            "scope": each.scope,
            "meaning": each.meaning,
            "statement": each.statement,
            "forms": len(signed.get(each.id, ())),
            "void": sum(signed.get(each.id, ())),
        }
        for each in snapshot.get("signatures", ())
    ]


def signatures_in_a_cell(signed_forms: Sequence[Any]) -> str:
    """For example `Dr. Wang (wang) 2021-03-14T09:30:00Z REVIEW; VOID Dr. Li (li) ...: Weight changed`."""
    told = []
    for each in signed_forms:
        signature = each.signature
        name = f"{signature.printed_name} ({signature.username})"
        words = f"{name} {_instant(signature.signed_at)} {signature.meaning}, version {each.version}"
        told.append(f"VOID {words}: {each.void_cause}" if each.void else words)
    return cell("; ".join(told))


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
