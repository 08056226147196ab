"""What may be redacted in a casebook, what was, and in how many other places the same text stands."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.db import models
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from patients.forms import Item, Section, definition_of, definitions
from patients.models import CaseReportForm, Entry, Query, QueryMessage, Row, Subject
from patients.selectors import visible
from trials.audit.redaction import Target, target_of
from trials.models import AuditEvent, IdempotencyKey, Redaction, User
from trials.roles import Verb

STATED = {"not_done_reason": _("Reason for not done"), "external_id": _("External identifier")}
"""What a form or row holds beside its questions that may be redacted."""
WORDS: dict[type[models.Model], tuple[str, ...]] = {
    QueryMessage: ("text",),
    Query: ("message", "accepted_reason"),
}
"""Words of people that nobody corrects: asking for their redaction takes them out of the live row."""
TAKEN_OUT = "[taken out]"
SHORTEST = 4
"""A shorter text stands in too many places by chance to be looked for."""


@dataclass(frozen=True)
class Candidate:
    """A question (or what is stated beside them) whose older versions hold something else than the form."""

    row: Row | None
    row_name: str
    name: str
    label: str
    target: Target

    @property
    def key(self) -> str:
        """How a request names it: `term`, or `results 3 value` for a question of a row."""
        return f"{self.row_name} {self.row.repeat} {self.name}" if self.row is not None else self.name


def redactions(user: User) -> QuerySet[Redaction]:
    """The redactions in casebooks at sites where the user may ask for one, newest first."""
    own = visible(Subject, user, Verb.REQUEST_REDACTION).order_by()
    found = Redaction.objects.filter(chain__in=own.values("chain"))
    return found.select_related("chain", "requested_by", "decided_by").order_by("-id")


def subject_of(redaction: Redaction) -> Subject:
    """Whose casebook it is in."""
    return Subject.objects.select_related("site__study", "study", "chain").get(chain=redaction.chain_id)


# ---------------------------------------------------------------- what may be asked for
def candidates(record: CaseReportForm) -> list[Candidate]:
    """Everything of a form and its rows, those in error among them, that an older version holds otherwise."""
    definition = definition_of(type(record))
    found = list(_candidates(definition, record, None))
    for section in definition.rows.values():
        for row in section.model._default_manager.filter(parent=record).order_by("repeat"):
            found += _candidates(section, record, row)
    return found


def _candidates(section: Section, record: CaseReportForm, row: Row | None) -> Iterator[Candidate]:
    holder: Any = row if row is not None else record
    labels = {item.attname: (item.name, item.question) for item in section.items if _is_words(item)}
    labels |= {name: (name, str(label)) for name, label in STATED.items() if hasattr(holder, name)}
    earlier = list(_earlier(holder))
    for column, (name, label) in labels.items():
        keys = _differing(holder, earlier, column)
        if keys:
            target = Target(type(holder).history.model, keys, (column,))
            yield Candidate(row, section.name if row is not None else "", name, label, target)


def _is_words(item: Item) -> bool:
    """Whether an answer may name a person. A dose, a result or a code does not: it stays told."""
    return item.identifying or (item.kind in ("text", "narrative") and not item.derived)


def _earlier(holder: Any) -> QuerySet[Any]:
    found: QuerySet[Any] = holder.history.model.objects.filter(id=holder.pk).order_by("-history_id")[1:]
    return found


def _differing(holder: Any, earlier: Iterable[Any], column: str) -> tuple[int, ...]:
    """The older versions that hold something else in a column than the live row does."""
    now = getattr(type(holder)._default_manager.get(pk=holder.pk), column)
    held = ((row.history_id, getattr(row, column)) for row in earlier)
    return tuple(sorted(key for key, value in held if value not in (None, "") and value != now))


def words_of(record: models.Model) -> Target:
    """The older versions of words that were taken out of the live row."""
    columns = [name for name in WORDS[type(record)] if getattr(record, name) == TAKEN_OUT]
    keys = {key for name in columns for key in _differing(record, _earlier(record), name)}
    return Target(record.history.model, tuple(sorted(keys)), tuple(columns))  # type: ignore[attr-defined]


# ---------------------------------------------------------------- what it says
def texts_of(target: Target) -> set[str]:
    """What the rows hold in these columns, as text; of events their reason and note. Never to be shown."""
    found: set[str] = set()
    for row in target.model._base_manager.filter(pk__in=target.keys).values_list(*target.columns):
        found |= {str(value) for value in row if value not in (None, "")}
    return found


def still_there(target: Target) -> list[str]:
    """Columns whose live row holds what is to be redacted; events have no live row."""
    if target.model is AuditEvent:
        return []
    live, rows = live_model(target), cast("Any", target.model)
    found: set[str] = set()
    for old in rows._base_manager.filter(pk__in=target.keys):
        now = live._base_manager.get(pk=old.id)
        found |= {name for name in target.columns if _holds(getattr(now, name), getattr(old, name))}
    return sorted(found)


def _holds(now: Any, old: Any) -> bool:
    if old in (None, "") or now in (None, ""):
        return False
    if isinstance(now, str) and isinstance(old, str) and len(old) >= SHORTEST:
        return old in now
    return bool(now == old)


def live_model(target: Target) -> Any:
    """The model whose history the rows are of."""
    history: Any = target.model
    return history.instance_type


@dataclass(frozen=True)
class Described:
    """A redaction in words: what record of which casebook, and which questions; never what they held."""

    subject: Subject
    about: str
    questions: Sequence[str]
    versions: int
    form: CaseReportForm | None = None


def described(redaction: Redaction) -> Described:
    """What a redaction is about."""
    subject, target = subject_of(redaction), target_of(redaction)
    names = list(target.columns)
    if target.model is AuditEvent:
        numbers = AuditEvent.objects.filter(pk__in=target.keys).values_list("number", flat=True)
        about = ", ".join(f"{_('event')} {number}" for number in numbers)
        return Described(subject, about, names, len(target.keys))
    live = live_model(target)
    history: Any = target.model
    key = history.objects.filter(pk__in=target.keys).values_list("id", flat=True).first()
    record = live._base_manager.filter(pk=key).first()
    title = str(live._meta.verbose_name)
    if isinstance(record, Row):
        form, section = record.parent, _section_of(record)
        labels = {item.attname: item.question for item in section.items}
        about = f"{form.form.title} {form.repeat}: {section.name} {record.repeat}"
        return Described(subject, about, [labels.get(name, name) for name in names], len(target.keys), form)
    if isinstance(record, CaseReportForm):
        labels = {item.attname: item.question for item in definition_of(type(record)).items}
        labels |= {name: str(label) for name, label in STATED.items()}
        told = [labels.get(name, name) for name in names]
        return Described(subject, f"{record.form.title} {record.repeat}", told, len(target.keys), record)
    return Described(subject, f"{title} {key}", names, len(target.keys))


def _section_of(row: Row) -> Section:
    sections = definition_of(type(row.parent)).rows.values()
    return next(section for section in sections if section.model is type(row))


# ---------------------------------------------------------------- where else
def elsewhere(subject: Subject, target: Target) -> list[tuple[str, int]]:
    """In how many other places of the casebook the text stands, in words; places with none are left out."""
    texts = {text for text in texts_of(target) if len(text) >= SHORTEST}
    if not texts:
        return []
    counted = [
        (str(_("reasons and notes of acts")), _events(subject, texts, target)),
        (str(_("queries and their threads")), _queries(subject, texts)),
        (str(_("other versions of forms")), _versions(subject, texts, target)),
        (str(_("replies kept for repeated requests")), len(kept_replies(subject, texts))),
    ]
    return [(words, number) for words, number in counted if number]


def _holding(columns: Iterable[str], texts: Collection[str]) -> Q:
    found = Q(pk__in=())
    for column in columns:
        for text in texts:
            found |= Q(**{f"{column}__contains": text})
    return found


def _events(subject: Subject, texts: Collection[str], target: Target) -> int:
    events = AuditEvent.objects.filter(_holding(("reason", "note"), texts), chain_id=subject.chain_id)
    return (events.exclude(pk__in=target.keys) if target.model is AuditEvent else events).count()


def _queries(subject: Subject, texts: Collection[str]) -> int:
    asked = Query.objects.filter(_holding(WORDS[Query], texts), subject=subject).count()
    said = QueryMessage.objects.filter(_holding(WORDS[QueryMessage], texts), query__subject=subject)
    return asked + said.count()


def _versions(subject: Subject, texts: Collection[str], target: Target) -> int:
    """Versions of forms and rows, the live ones among them (the newest version is the live row's own)."""
    number = 0
    for section, of_subject in _sections(subject):
        columns = _texts(section.model)
        history = section.model.history.model
        found = history.objects.filter(_holding(columns, texts), **of_subject)
        number += (found.exclude(pk__in=target.keys) if history is target.model else found).count()
    return number


def _sections(subject: Subject) -> Iterator[tuple[Section, dict[str, Any]]]:
    for form in definitions():
        yield form, {"subject_id": subject.pk}
        for section in form.rows.values():
            own = form.model._default_manager.filter(subject=subject).order_by().values("pk")
            yield section, {"parent_id__in": own}


def _texts(model: type[Entry]) -> list[str]:
    columns = model._meta.concrete_fields
    return [
        each.attname
        for each in columns
        if isinstance(each, models.CharField | models.TextField) and not each.choices and not each.generated
    ]


def kept_replies(subject: Subject, texts: Collection[str]) -> list[IdempotencyKey]:
    """The kept replies that tell of this subject and hold one of the texts, as JSON writes it."""
    written = {json.dumps(text, ensure_ascii=False)[1:-1] for text in texts}
    named = json.dumps(subject.code, ensure_ascii=False)
    found = IdempotencyKey.objects.filter(_holding(("body",), written), body__contains=named)
    return list(found.only("pk"))
