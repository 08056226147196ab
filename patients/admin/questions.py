"""Questions on the screen: form fields made from the one definition, judged by the action and not here.

Every field takes any text. What it means, and whether it can be a fact, is said by the action that saves it,
in the same words as on every other face.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.actions.entry import NOT_DONE_REASON_LENGTH
from patients.derivations.dose import drugs_of_arm
from patients.facts import Facts
from patients.forms import Item, Section, headline
from patients.models import Entry, MissingReason, Subject
from patients.selectors import allocation_of, choosable, current
from trials.actions.given import IDENTIFIER_LENGTH
from trials.admin.act import ReasonField
from trials.clinical.words import SHOWN_PLACES, shortened, with_unit
from trials.models import Drug
from trials.text import plain

Offers = Mapping[str, Sequence[tuple[str, str]]]
"""Codes and names that a question about protocol data offers, by the name of the protocol model."""

RADIO_AT_MOST = 3
LONGEST_ANSWER = 4000
MISSING = "missing_"

PLACEHOLDERS = {
    "date": "YYYY-MM-DD",
    "partial date": "YYYY-MM-DD",
    "time": "HH:MM",
}


def instruction(item: Item) -> str:
    """The instruction of a question, and its limits in words."""
    parts = [item.instruction] if item.instruction else []
    if item.meaning.limits:
        parts.append(_("Possible: %(low)s to %(high)s") % _ends(item.meaning.limits))
    if item.meaning.usual:
        parts.append(_("Usual: %(low)s to %(high)s") % _ends(item.meaning.usual))
    if item.kind == "partial date":
        parts.append(_("YYYY or YYYY-MM where more is not known"))
    return " · ".join(parts)


def _ends(limits: tuple[Any, Any]) -> dict[str, Any]:
    return {"low": limits[0], "high": limits[1]}


def offers_for(sections: Sequence[Section], subject: Subject) -> dict[str, list[tuple[str, str]]]:
    """The protocol items and records that the sections ask about and that this subject's forms may name."""
    offers: dict[str, list[tuple[str, str]]] = {}
    for section in sections:
        for item in section.asked:
            named: Any = item.field.related_model if item.refers else None
            if named is None or named.__name__ in offers:
                continue
            if item.record_form is not None:
                records = current(named, subject)
                offers[named.__name__] = [(str(record.repeat), headline(record)) for record in records]
            else:
                offers[named.__name__] = [(row.code, str(row)) for row in choosable(named, subject.site)]
    if Drug.__name__ in offers and allocation_of(subject) is not None:
        offers[Drug.__name__] = _own_arm_first(offers[Drug.__name__], subject)
    return offers


def _own_arm_first(drugs: Sequence[tuple[str, str]], subject: Subject) -> list[tuple[str, str]]:
    """Every drug stays on offer, because a wrong one that was given is recorded too; the arm's come first."""
    own = {drug.code for drug in drugs_of_arm(Facts([subject]), subject)}
    others = [
        (code, _("%(drug)s (not in this arm)") % {"drug": name}) for code, name in drugs if code not in own
    ]
    return [(code, name) for code, name in drugs if code in own] + others


def question_field(item: Item, offers: Offers) -> forms.CharField:
    """The question as a form field that takes any text."""
    return forms.CharField(
        label=item.question,
        help_text=instruction(item),
        required=False,
        validators=[MaxLengthValidator(LONGEST_ANSWER)],
        widget=_widget(item, offers),
    )


def _widget(item: Item, offers: Offers) -> forms.Widget:
    if item.refers:
        return forms.Select(choices=[("", "—"), *offers[item.field.related_model.__name__]])
    if item.codelist and len(item.codelist) <= RADIO_AT_MOST:
        return forms.RadioSelect(choices=item.codelist)
    if item.codelist:
        return forms.Select(choices=[("", "—"), *item.codelist])
    if item.kind == "narrative":
        return forms.Textarea(attrs={"rows": 3})
    attributes = {"autocomplete": "off", "data-kind": item.kind}
    if item.kind in ("quantity", "count"):
        attributes["inputmode"] = "decimal" if item.kind == "quantity" else "numeric"
    if item.kind in PLACEHOLDERS:
        attributes["placeholder"] = PLACEHOLDERS[item.kind][: item.field.max_length or 10]
    return forms.TextInput(attrs=attributes)


def typed_text(item: Item, entry: Entry) -> str:
    """The stored answer as a person would type it; empty for none."""
    value = getattr(entry, item.name)
    if value is None:
        return ""
    if item.record_form is not None:
        return str(value.repeat)
    if item.protocol_noun is not None:
        return str(getattr(value, "code", value))
    if isinstance(value, Decimal):
        return plain(value)
    if item.kind == "time":
        return str(value.strftime("%H:%M:%S" if value.second else "%H:%M"))
    return str(value)


def shown_text(item: Item, entry: Entry) -> str:
    """The stored answer as a person would read it: labels of codes, names of protocol items, units."""
    text = typed_text(item, entry)
    if not text:
        reason = entry.missing_reasons.get(item.name)
        return str(MissingReason(reason).label) if reason in MissingReason.values else ""
    if item.record_form is not None:
        return headline(getattr(entry, item.name))
    if item.protocol_noun is not None:
        return str(getattr(entry, item.name))
    if item.codelist:
        return dict(item.codelist).get(text, text)
    value = getattr(entry, item.name)
    if item.derived and isinstance(value, Decimal) and item.meaning.unit:
        text, _near = shortened(value, value.to_integral_value(), exact=SHOWN_PLACES)
    return with_unit(text, item.meaning.unit)


def missing_field() -> forms.CharField:
    choices = [("", _("No answer?")), *MissingReason.choices]
    return forms.CharField(
        label=_("Why there is no answer"), required=False, widget=forms.Select(choices=choices)
    )


class AnswersForm(forms.Form):
    """The questions of a section."""

    use_required_attribute = False

    def __init__(self, *arguments: Any, section: Section, offers: Offers, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.section = section
        for item in section.asked:
            self.fields[item.name] = question_field(item, offers)

    def answers(self) -> dict[str, Any]:
        """What was typed, by question; None where nothing was."""
        return {item.name: self._typed(item.name) for item in self.section.asked}

    def _typed(self, name: str) -> str | None:
        text = self.cleaned_data.get(name, "")
        # A browser sends CR LF for a line break in a text area; the record holds LF, whoever wrote it.
        return text.replace("\r\n", "\n") or None


class HeadForm(AnswersForm):
    """A form's own questions, beside each the reason for its absence, and what is said about the whole."""

    not_done_reason = forms.CharField(
        label=gettext_lazy("This form was not done, because"),
        required=False,
        max_length=NOT_DONE_REASON_LENGTH,
    )
    external_id = forms.CharField(
        label=gettext_lazy("Identifier in the source system"), required=False, max_length=IDENTIFIER_LENGTH
    )

    def __init__(
        self, *arguments: Any, section: Section, offers: Offers, changes: bool, **options: Any
    ) -> None:
        super().__init__(*arguments, section=section, offers=offers, **options)
        for item in section.asked:
            self.fields[MISSING + item.name] = missing_field()
        if changes:
            self.fields["change_reason"] = ReasonField()

    def data_typed(self) -> dict[str, Any]:
        """As the action takes it."""
        chosen = {item.name: self.cleaned_data.get(MISSING + item.name, "") for item in self.section.asked}
        return {
            **self.answers(),
            "missing_reasons": {name: reason for name, reason in chosen.items() if reason},
            "external_id": self.cleaned_data.get("external_id", ""),
        }


class RowForm(AnswersForm):
    """A line of a form. `repeat` names an existing line; a line without it is new."""

    repeat = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    why_missing = forms.CharField(required=False, validators=[MaxLengthValidator(20)])
    entered_in_error = forms.BooleanField(required=False, label=gettext_lazy("Entered in error"))

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["why_missing"].widget = forms.Select(choices=[("", "—"), *MissingReason.choices])
        self.fields["why_missing"].label = _("Why there is no answer")

    def is_blank(self, given: set[str]) -> bool:
        """Nothing was typed beside what the page had filled in itself (`given`)."""
        if self.cleaned_data.get("repeat"):
            return False
        names = {item.name for item in self.section.asked} - given | {"why_missing"}
        return not any(self.cleaned_data.get(name) for name in names)

    def data_typed(self, stored: Entry | None) -> dict[str, Any]:
        """As the action takes it; reasons for absence only where they were touched."""
        data: dict[str, Any] = self.answers()
        if self.cleaned_data.get("repeat"):
            data["repeat"] = self.cleaned_data["repeat"]
        if self.cleaned_data.get("entered_in_error"):
            data["entered_in_error"] = True
        reason = self.cleaned_data.get("why_missing", "")
        if reason != row_reason(stored):
            data["missing_reasons"] = dict.fromkeys(self._unanswered(data), reason) if reason else {}
        return data

    def _unanswered(self, data: Mapping[str, Any]) -> list[str]:
        required = [item.name for item in self.section.asked if item.required and not item.refers]
        # All answered and yet a reason: sent on, so that the action says that only one can be true.
        return [name for name in required if not data[name]] or required


def row_reason(entry: Entry | None) -> str:
    """The reason for absence that a line shows; lines are not asked question by question."""
    return next(iter(entry.missing_reasons.values()), "") if entry is not None else ""


def initial_head(section: Section, record: Any) -> dict[str, Any]:
    """What a page of an existing form shows in its fields."""
    reasons = {MISSING + name: reason for name, reason in record.missing_reasons.items()}
    answers = {item.name: typed_text(item, record) for item in section.asked}
    return {
        **answers,
        **reasons,
        "not_done_reason": record.not_done_reason,
        "external_id": record.external_id,
    }


def initial_row(section: Section, row: Entry) -> dict[str, Any]:
    answers = {item.name: typed_text(item, row) for item in section.asked}
    return {**answers, "repeat": row.repeat, "why_missing": row_reason(row)}
