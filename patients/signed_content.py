"""What a signature is on: the content of a form as the history keeps it, its digest, and what is broken.

The content of a form is everything that its page shows of it: answers (derived ones too), rows, reasons for
absence, entry state, versions of form and protocol, subject, visit and the day of the visit. A query is no
content. The digest of a content takes in the salts of its history rows, so that a value that was redacted
cannot be found again by trying.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import Max

from patients.forms import FormDefinition, Section, definitions
from patients.models import Signature, SignedForm, Subject, Visit
from trials.audit.canonical import digest

SEAL_VERSION = 1
AT_ONCE = 500
FORM, VISIT = "form", "visit"
"""Keys of the history rows of a form beside those of its rows, which stand under their own names."""

HistoryRows = dict[str, list[int]]
"""History ids of what was signed: of the form, of each of its rows by name, of its visit."""

FORM_COLUMNS = (
    "subject_id",
    "visit_id",
    "repeat",
    "entry_state",
    "not_done_reason",
    "missing_reasons",
    "entered_in_error",
    "external_id",
    "form_version",
    "protocol_version",
)
ROW_COLUMNS = ("repeat", "missing_reasons", "entered_in_error", "external_id")


@dataclass(frozen=True)
class Content:
    """The content of one form: `values` by name and `rows` by their key; `salts` where it comes from history.

    `salts` holds the empty text for a history row that was redacted.
    """

    values: Mapping[str, Any]
    rows: Mapping[str, Mapping[int, Mapping[str, Any]]]
    salts: tuple[str, ...] = ()

    def same_as(self, other: "Content") -> bool:
        return self.plain_digest() == other.plain_digest()

    def plain_digest(self) -> str:
        """SHA-256 without salts, for comparing; it is never stored."""
        return digest(self._whole())

    def salted_digest(self) -> str:
        """SHA-256 of content and salts, which is stored."""
        return digest({**self._whole(), "salts": list(self.salts)})

    @property
    def is_redacted(self) -> bool:
        return "" in self.salts

    def _whole(self) -> dict[str, Any]:
        rows = {name: {str(key): row for key, row in of.items()} for name, of in self.rows.items()}
        return {"values": self.values, "rows": rows}


# ---------------------------------------------------------------- reading
def stored_contents(form: FormDefinition, keys: Collection[int]) -> dict[int, Content]:
    """The content of forms of one kind as the tables hold it now, by key; a number of queries by its rows."""
    found: dict[int, Content] = {}
    for some in _in_parts(keys):
        heads = list(form.model._default_manager.filter(pk__in=some).values(*_columns(form, FORM_COLUMNS)))
        rows = {
            name: list(
                section.model._default_manager.filter(parent_id__in=some).values(
                    "parent_id", *_columns(section, ROW_COLUMNS)
                )
            )
            for name, section in form.rows.items()
        }
        visits = Visit.objects.filter(pk__in={head["visit_id"] for head in heads} - {None})
        found |= _put_together(form, heads, rows, list(visits.values("id", "code", "occurred_on")))
    return found


def newest_rows(form: FormDefinition, keys: Collection[int]) -> dict[int, HistoryRows]:
    """The newest history rows of forms of one kind, of their rows and visits, by the key of the form."""
    found: dict[int, HistoryRows] = {}
    for some in _in_parts(keys):
        visits = dict(form.model._default_manager.filter(pk__in=some).values_list("pk", "visit_id"))
        newest_visits = _newest(Visit, id__in=set(visits.values()) - {None})
        for key, newest in _newest(form.model, id__in=some).items():
            found[key] = {FORM: [newest]}
            if visits.get(key) is not None:
                found[key][VISIT] = [newest_visits[visits[key]]]
        for name, section in form.rows.items():
            of = dict(
                section.model._default_manager.filter(parent_id__in=some).values_list("pk", "parent_id")
            )
            for row, newest in _newest(section.model, parent_id__in=some).items():
                found[of[row]].setdefault(name, []).append(newest)
    return found


def _in_parts(whole: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    remaining = iter(whole)
    while part := tuple(islice(remaining, AT_ONCE)):
        yield part


def _newest(model: Any, **condition: Any) -> dict[int, int]:
    """The newest history id of each row, by its key."""
    rows = model.history.model.objects.filter(**condition).order_by().values("id")
    return {each["id"]: each["newest"] for each in rows.annotate(newest=Max("history_id"))}


def recorded_contents(form: FormDefinition, rows: Mapping[int, HistoryRows]) -> dict[Any, Content]:
    """The content of forms of one kind as these history rows hold it; one whose rows are gone is left out.

    The keys are those of `rows`, whatever the history rows say about themselves.
    """
    found: dict[Any, Content] = {}
    for some in _in_parts(rows):
        wanted = {key: rows[key] for key in some}
        heads = _history(form.model, _ids(wanted, FORM), _columns(form, FORM_COLUMNS))
        lines = {
            name: _history(section.model, _ids(wanted, name), ("parent_id", *_columns(section, ROW_COLUMNS)))
            for name, section in form.rows.items()
        }
        visits = _history(Visit, _ids(wanted, VISIT), ("id", "code", "occurred_on"))
        for key, ids in wanted.items():
            content = _one(form, ids, heads, lines, visits)
            if content is not None:
                found[key] = content
    return found


def _one(
    form: FormDefinition,
    ids: HistoryRows,
    heads: Mapping[int, dict[str, Any]],
    lines: Mapping[str, Mapping[int, dict[str, Any]]],
    visits: Mapping[int, dict[str, Any]],
) -> Content | None:
    try:
        [head] = [heads[each] for each in ids[FORM]]
        rows = {name: [lines[name][each] for each in ids.get(name, ())] for name in form.rows}
        visit = [visits[each] for each in ids.get(VISIT, ())]
    except (KeyError, ValueError):
        return None
    read = [head, *(row for of in rows.values() for row in sorted(of, key=lambda row: row["id"])), *visit]
    content = _put_together(form, [head], rows, visit).get(head["id"])
    return content and Content(content.values, content.rows, tuple(row["salt"] for row in read))


def _history(model: Any, ids: Collection[int], columns: Iterable[str]) -> dict[int, dict[str, Any]]:
    rows = model.history.model.objects.filter(history_id__in=ids)
    return {row["history_id"]: row for row in rows.values("history_id", "salt", *columns)}


def _ids(rows: Mapping[int, HistoryRows], name: str) -> list[int]:
    return [each for of in rows.values() for each in of.get(name, ())]


def _columns(section: Section, more: Iterable[str]) -> list[str]:
    return ["id", *more, *(item.attname for item in section.items)]


def _put_together(
    form: FormDefinition,
    heads: Sequence[Mapping[str, Any]],
    rows: Mapping[str, Sequence[Mapping[str, Any]]],
    visits: Sequence[Mapping[str, Any]],
) -> dict[int, Content]:
    codes = dict(
        Subject.objects.filter(pk__in={head["subject_id"] for head in heads}).values_list("pk", "code")
    )
    by_visit = {visit["id"]: visit for visit in visits}
    lines: dict[int, dict[str, dict[int, Any]]] = defaultdict(lambda: {name: {} for name in form.rows})
    for name, section in form.rows.items():
        for row in rows[name]:
            lines[row["parent_id"]][name][row["id"]] = _named(section, row, ROW_COLUMNS)
    return {
        head["id"]: Content(
            {
                "form": form.oid,
                "record": head["id"],
                "subject_code": codes.get(head["subject_id"]),
                "visit_code": by_visit.get(head["visit_id"], {}).get("code"),
                "visit_day": by_visit.get(head["visit_id"], {}).get("occurred_on"),
                **_named(form, head, FORM_COLUMNS),
            },
            lines[head["id"]],
        )
        for head in heads
    }


def _named(section: Section, row: Mapping[str, Any], more: Iterable[str]) -> dict[str, Any]:
    answers = {item.attname: row[item.attname] for item in section.items}
    return {**{name: row[name] for name in more}, "answers": answers}


# ---------------------------------------------------------------- differences
STATED = {
    "visit_code": "visit",
    "visit_day": "day of the visit",
    "repeat": "number of the entry",
    "entry_state": "entry state",
    "not_done_reason": "reason for not done",
    "missing_reasons": "reasons for absence",
    "external_id": "external identifier",
    "form_version": "version of the form",
    "protocol_version": "version of the protocol",
}
NAMED_AT_MOST = 12


def changes_in_words(form: FormDefinition, before: Content, after: Content) -> str:
    """Which questions and lines differ, never what they hold; empty where both are the same."""
    if before.same_as(after):
        return ""
    if after.values["entered_in_error"] and not before.values["entered_in_error"]:
        return "the form was marked as entered in error"
    names = [*_changed(form, before.values, after.values), *_changed_rows(form, before, after)]
    more = f" and {len(names) - NAMED_AT_MOST} more" if len(names) > NAMED_AT_MOST else ""
    return f"{', '.join(names[:NAMED_AT_MOST]) or 'the record'}{more} changed"


def _changed(section: Section, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for item in section.items:
        if before["answers"].get(item.attname) != after["answers"].get(item.attname):
            yield item.question
    for name, label in STATED.items():
        if before.get(name) != after.get(name):
            yield label


def _changed_rows(form: FormDefinition, before: Content, after: Content) -> Iterator[str]:
    for name, section in form.rows.items():
        for key, row in after.rows[name].items():
            known = before.rows[name].get(key)
            line = f"{name} {row['repeat']}"
            if known is None:
                yield f"{line} (added)"
            elif row["entered_in_error"] and not known["entered_in_error"]:
                yield f"{line} (entered in error)"
            else:
                yield from (f"{line}: {question}" for question in _changed(section, known, row))


# ---------------------------------------------------------------- seals
def bound(signature: Signature) -> dict[str, Any]:
    """What every digest under a signature takes in: who signed what, when, in which role, meaning what."""
    names = ("identifier", "subject_id", "signer_id", "username", "printed_name", "role", "scope", "visit_id")
    return {name: getattr(signature, name) for name in (*names, "meaning", "statement", "signed_at")}


def seal_of(signed: SignedForm, signature: Signature) -> str:
    """The digest that binds the content of a form to its signature and its place (21 CFR 11.70)."""
    columns = ("subject_id", "visit_id", "form", "record_id", "repeat", "version", "changed_in_id")
    own = {name: getattr(signed, name) for name in (*columns, "history_rows", "content_digest")}
    return digest({"seal": SEAL_VERSION, "signed": own, "signature": bound(signature)})


def seal_of_signature(signature: Signature, seals: Iterable[str]) -> str:
    """The digest of a signature with those of all its forms: none can be taken away or added."""
    return digest({"seal": SEAL_VERSION, "signature": bound(signature), "forms": sorted(seals)})


# ---------------------------------------------------------------- verification
@dataclass(frozen=True)
class BrokenSignature:
    """A signature that does not fit what it is on; without `signed_form` the signature itself is meant."""

    signature: Signature
    signed_form: SignedForm | None
    why: str

    def __str__(self) -> str:
        form = self.signed_form
        place = f" on {form.form} {form.record_id} (signed form {form.pk})" if form else ""
        return f"signature {self.signature.pk} of {self.signature.subject.code}{place}: {self.why}"


def broken_signatures(study: str | None = None) -> Iterator[BrokenSignature]:
    """Every signature that was cut, copied or forged, or whose content is not what was signed; none: all fit.

    Of one study where its code is given. Read in bounded parts, in the order of signatures.
    """
    signatures = Signature.objects.select_related("subject__chain").order_by("pk")
    if study is not None:
        signatures = signatures.filter(subject__study__code=study)
    for some in _in_parts(signatures.iterator(chunk_size=AT_ONCE)):
        yield from _broken(some)


def _broken(signatures: Sequence[Signature]) -> Iterator[BrokenSignature]:
    forms: dict[int, list[SignedForm]] = {signature.pk: [] for signature in signatures}
    for signed in SignedForm.objects.filter(signature__in=forms).order_by("pk"):
        forms[signed.signature_id].append(signed)
    wrong = _wrong_contents([signed for of in forms.values() for signed in of])
    for signature in signatures:
        own = forms[signature.pk]
        if signature.digest != seal_of_signature(signature, (signed.digest for signed in own)):
            yield BrokenSignature(signature, None, "it or the list of its forms is not what was signed")
        for signed in own:
            if signed.digest != seal_of(signed, signature):
                yield BrokenSignature(signature, signed, "the form does not belong to this signature")
            elif signed.pk in wrong:
                yield BrokenSignature(signature, signed, wrong[signed.pk])


def _wrong_contents(signed: Sequence[SignedForm]) -> dict[int, str]:
    kinds = {form.oid: form for form in definitions()}
    by_form: dict[str, list[SignedForm]] = defaultdict(list)
    for each in signed:
        by_form[each.form].append(each)
    wrong: dict[int, str] = {}
    for oid, forms in by_form.items():
        if oid not in kinds:
            wrong |= {each.pk: "there is no such form" for each in forms}
            continue
        recorded = recorded_contents(kinds[oid], {each.pk: each.history_rows for each in forms})
        stored = stored_contents(kinds[oid], {each.record_id for each in forms if not each.void})
        for each in forms:
            if why := _why_wrong(each, recorded.get(each.pk), stored.get):
                wrong[each.pk] = why
    return wrong


def _why_wrong(signed: SignedForm, recorded: Content | None, stored: Callable[[int], Content | None]) -> str:
    if recorded is None:
        return "the history rows that were signed are missing"
    if recorded.values["record"] != signed.record_id or recorded.values["subject_id"] != signed.subject_id:
        return "the history rows are of another record"
    if recorded.is_redacted:  # what is left is held by the audit chain, which keeps the digests of its rows
        return ""
    if recorded.salted_digest() != signed.content_digest:
        return "the history rows do not hold what was signed"
    now = stored(signed.record_id)
    if not signed.void and (now is None or not recorded.same_as(now)):
        return "the form has changed and the signature is not void"
    return ""
