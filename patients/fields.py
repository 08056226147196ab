"""Clinical fields: a plain database column that also says what a form, an export and a check need to know.

Migrations import this module (it stays where it is) but see only the plain column: question, instruction,
unit, limits, codelist and CDASH variable are metadata of the form and may change without a migration.
Every clinical column is nullable; "required" is a rule of the form, not of the table.
"""

import re
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Func
from django.utils.translation import gettext_lazy as _

from trials.clinical import partial_date
from trials.clinical.words import printed_unit
from trials.text import fault_in

Number = int | str | Decimal
Limits = tuple[Number, Number]

# Python reads more than a form means: 1_000, digits of other scripts, NaN, the weeks of ISO 8601.
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,20}")
WITHHELD = "withheld"
LARGEST_COUNT = 2**31 - 1  # the column of PostgreSQL; SQLite would hold more
_FULL_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?")


@dataclass(frozen=True)
class Meaning:
    """What a form says about a field beside its question (verbose_name) and instruction (help_text).

    `cdash`: CDASH variable; `unit`: UCUM code; `limits`: values outside cannot be facts and are refused;
    `usual`: values outside are questioned; `required`: the form is complete only with it (or a reason for
    its absence); `derived`: computed by the server, never typed; `future`: a date that may lie ahead;
    `identifying`: may tell who a person is, so that de-identified readers do not see it.
    """

    cdash: str = ""
    unit: str = ""
    limits: Limits | None = None
    usual: Limits | None = None
    required: bool = False
    derived: bool = False
    future: bool = False
    identifying: bool = False


_METADATA = ("verbose_name", "help_text", "choices", "validators", "error_messages")


class ClinicalField:
    """Mixin of every clinical field; `kind` is its type in the form definition."""

    kind = "text"
    in_words = False
    stored_as: type[models.Field]
    meaning: Meaning

    def __init__(
        self,
        *arguments: Any,
        cdash: str = "",
        unit: str = "",
        limits: Limits | None = None,
        usual: Limits | None = None,
        required: bool = False,
        derived: bool = False,
        future: bool = False,
        identifying: bool | None = None,
        **options: Any,
    ) -> None:
        # Words of a person's own may identify, unless the field says that they are a term or a code.
        withheld = self.in_words and not derived if identifying is None else identifying
        self.meaning = Meaning(cdash, unit, limits, usual, required, derived, future, withheld)
        options |= {"null": True, "blank": True}
        super().__init__(*arguments, **options)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, _path, arguments, options = super().deconstruct()  # type: ignore[misc]
        plain = {key: value for key, value in options.items() if key not in _METADATA}
        return name, f"django.db.models.{self.stored_as.__name__}", arguments, plain

    def clean(self, value: Any, instance: models.Model | None) -> Any:
        """The value as the column holds it. Raises ValidationError with the reason."""
        cleaned = super().clean(value, instance)  # type: ignore[misc]
        limits = self.meaning.limits
        if limits is not None and cleaned is not None:
            low, high = Decimal(limits[0]), Decimal(limits[1])
            if not low <= Decimal(cleaned) <= high:
                unit = f" {printed_unit(self.meaning.unit)}" if self.meaning.unit else ""
                raise ValidationError(
                    _("must be between %(low)s and %(high)s%(unit)s"),
                    params={"low": low, "high": high, "unit": unit},
                )
        return cleaned


class QuantityField(ClinicalField, models.DecimalField):
    """A measured number with a unit; at most 12 digits, 4 of them after the point."""

    kind = "quantity"
    stored_as = models.DecimalField

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **({"max_digits": 12, "decimal_places": 4} | options))

    def to_python(self, value: Any) -> Any:
        if isinstance(value, float):
            value = repr(value)  # the shortest text that means this float: 60.1 stays 60.1
        if isinstance(value, str):
            value = value.strip()
            if not _NUMBER.fullmatch(value):
                raise ValidationError(_("is not a number"))
        elif value is not None and (isinstance(value, bool) or not isinstance(value, int | Decimal)):
            raise ValidationError(_("is not a number"))
        number = super().to_python(value)
        return abs(number) if number == 0 else number  # zero has no sign


class CountField(ClinicalField, models.IntegerField):
    """A whole number."""

    kind = "count"
    stored_as = models.IntegerField

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = value.strip()
            if not _WHOLE_NUMBER.fullmatch(value):
                raise ValidationError(_("is not a whole number"))
        elif value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise ValidationError(_("is not a whole number"))
        number = super().to_python(value)
        if number is not None and abs(number) > LARGEST_COUNT:
            raise ValidationError(_("is too large"))
        return number


class TextAnswerField(ClinicalField, models.CharField):
    """One line of text. Terms, names of medications and codes of other systems say `identifying=False`."""

    kind = "text"
    in_words = True
    stored_as = models.CharField

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **({"max_length": 200} | options))

    def to_python(self, value: Any) -> Any:
        return _clean_text(value)


class NarrativeField(ClinicalField, models.TextField):
    """Text of several lines, at most 4000 characters."""

    kind = "narrative"
    in_words = True
    stored_as = models.TextField

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **({"max_length": 4000} | options))

    def to_python(self, value: Any) -> Any:
        value = _clean_text(value, lines=True)
        if value is not None and len(value) > (self.max_length or 0):
            raise ValidationError(_("has more than %(limit)s characters"), params={"limit": self.max_length})
        return value


class CodedField(ClinicalField, models.CharField):
    """One code of a codelist (TextChoices)."""

    kind = "code"
    stored_as = models.CharField

    def __init__(
        self, *arguments: Any, codelist: type[models.TextChoices] | None = None, **options: Any
    ) -> None:
        self.codelist = codelist
        if codelist is not None:
            options["choices"] = codelist.choices
        super().__init__(*arguments, **({"max_length": 40} | options))

    def to_python(self, value: Any) -> Any:
        return _clean_text(value)

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        if value is not None and self.codelist is not None and value not in self.codelist.values:
            raise ValidationError(
                _("is not a code of this list; allowed: %(codes)s"),
                params={"codes": ", ".join(str(code) for code in self.codelist.values)},
            )


class ExactDateField(ClinicalField, models.DateField):
    """A full calendar date that the site knows for certain."""

    kind = "date"
    stored_as = models.DateField

    def to_python(self, value: Any) -> Any:
        if value is None or type(value) is date:
            written = value.isoformat() if value else ""
        elif isinstance(value, str):
            written = value.strip()
        else:
            raise ValidationError(_("is not a date of the form YYYY-MM-DD"))
        if not written:
            return None
        # Asked before what a partial date may be: nobody is told of shapes that are refused here.
        if not _FULL_DATE.fullmatch(written):
            raise ValidationError(_("is not a full date of the form YYYY-MM-DD"))
        try:
            return partial_date.parse(written).earliest
        except partial_date.PartialDateError as error:
            raise ValidationError(reason_of(error)) from error


def reason_of(error: partial_date.PartialDateError) -> str:
    """Why a text is no date, without the text: a refusal may be read by more than who typed it."""
    quoted, _colon, reason = str(error).rpartition(": ")
    return reason if quoted.startswith(("'", '"')) else str(error)


class ClockTimeField(ClinicalField, models.TimeField):
    """A time of day at the site, hours and minutes."""

    kind = "time"
    stored_as = models.TimeField

    def to_python(self, value: Any) -> Any:
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        written = value.isoformat() if isinstance(value, time) else value
        if not isinstance(written, str) or not _TIME.fullmatch(written.strip()):
            raise ValidationError(_("is not a time of day of the form HH:MM"))
        return time.fromisoformat(written.strip())


class PartialDateField(ClinicalField, models.CharField):
    """A date known to the year, month or day: `2021`, `2021-03`, `2021-03-14`; never completed by guessing.

    The database generates `<name>_earliest` and `<name>_latest` beside it for ordering and windows.
    """

    kind = "partial date"
    stored_as = models.CharField

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **({"max_length": 10} | options))

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        if cls._meta.abstract or hasattr(cls, "tracked_fields"):
            return  # an abstract form has no table; a history table keeps what was typed, not what follows
        for suffix, expression in (("earliest", EarliestDay(name)), ("latest", LatestDay(name))):
            day = models.GeneratedField(
                expression=expression, output_field=models.DateField(), db_persist=True
            )
            cls.add_to_class(f"{name}_{suffix}", day)

    def to_python(self, value: Any) -> Any:
        text = _clean_text(value)
        if text is None:
            return None
        try:
            known = str(partial_date.parse(text))
        except partial_date.PartialDateError as error:
            raise ValidationError(reason_of(error)) from error
        if len(known) > (self.max_length or 10):
            raise ValidationError(_("is more exact than what is collected; write YYYY-MM or YYYY"))
        return known


class ProtocolReferenceField(ClinicalField, models.ForeignKey):
    """An item of protocol data (a drug, a laboratory, a test), addressed by its code on every face."""

    kind = "protocol item"
    stored_as = models.ForeignKey

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, *arguments: Any, **options: Any) -> None:
        super().__init__(to, on_delete, *arguments, **({"related_name": "+"} | options))


class RecordReferenceField(ClinicalField, models.ForeignKey):
    """Another record of the same subject (an adverse event, a lesion), addressed by its number there.

    The form referred to does not belong to a visit, so the number names one record of the subject.
    """

    kind = "record"
    stored_as = models.ForeignKey

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, *arguments: Any, **options: Any) -> None:
        super().__init__(to, on_delete, *arguments, **({"related_name": "+"} | options))


def instead_of(field: Any, value: Any) -> Any:
    """What a de-identified reader sees in the place of an identifying answer: of a birth, its year.

    >>> instead_of(PartialDateField(), "1961-05"), instead_of(NarrativeField(), "Saw the aunt")
    ('1961', 'withheld')
    """
    if value in (None, ""):
        return value
    return str(value)[:4] if isinstance(field, PartialDateField) else WITHHELD


# SQLite knows a year 0, Python does not: reading such a day back would fail.
_SQLITE_YEAR = (
    "(CASE WHEN %(expressions)s < '0001' THEN NULL WHEN %(expressions)s GLOB '[0-9][0-9][0-9][0-9]'"
)


class _DayOf(Func):
    """First or last day that a partial date may mean; NULL for what is no date of the calendar."""

    output_field = models.DateField()
    arity = 1


class EarliestDay(_DayOf):
    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = (
            _SQLITE_YEAR + " THEN %(expressions)s || '-01-01'"
            " WHEN length(%(expressions)s) = 7 THEN date(%(expressions)s || '-01', '+0 days')"
            " WHEN date(%(expressions)s, '+0 days') = %(expressions)s THEN %(expressions)s END)"
        )
        return self.as_sql(compiler, connection, template=template, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=_POSTGRES_EARLIEST, **context)


class LatestDay(_DayOf):
    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = (
            _SQLITE_YEAR + " THEN %(expressions)s || '-12-31'"
            " WHEN length(%(expressions)s) = 7 THEN date(%(expressions)s || '-01', '+1 month', '-1 day')"
            " WHEN date(%(expressions)s, '+0 days') = %(expressions)s THEN %(expressions)s END)"
        )
        return self.as_sql(compiler, connection, template=template, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=_POSTGRES_LATEST, **context)


# make_date is the only immutable way on PostgreSQL (a cast depends on DateStyle); the guards keep it from
# raising, because a generated column that raises would refuse the whole row.
_YEAR = "substr(%(expressions)s, 1, 4)::int"
_MONTH = "substr(%(expressions)s, 6, 2)::int"
_DAY = "substr(%(expressions)s, 9, 2)::int"
_IS_YEAR = "%(expressions)s ~ '^(?!0000)[0-9]{4}$'"
_IS_MONTH = "%(expressions)s ~ '^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])$'"
_IS_DAY_SHAPED = "%(expressions)s ~ '^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'"
_MONTH_END = "(make_date(" + _YEAR + ", " + _MONTH + ", 1) + interval '1 month' - interval '1 day')::date"
_REAL_DAY = (
    " WHEN " + _IS_DAY_SHAPED + " THEN CASE WHEN " + _DAY + " <= extract(day FROM " + _MONTH_END + ")"
    " THEN make_date(" + _YEAR + ", " + _MONTH + ", " + _DAY + ") END END)"
)
_POSTGRES_EARLIEST = (
    "(CASE WHEN " + _IS_YEAR + " THEN make_date(" + _YEAR + ", 1, 1)"
    " WHEN " + _IS_MONTH + " THEN make_date(" + _YEAR + ", " + _MONTH + ", 1)" + _REAL_DAY
)
_POSTGRES_LATEST = (
    "(CASE WHEN " + _IS_YEAR + " THEN make_date(" + _YEAR + ", 12, 31)"
    " WHEN " + _IS_MONTH + " THEN " + _MONTH_END + _REAL_DAY
)


def _clean_text(value: Any, *, lines: bool = False) -> str | None:
    """Stripped text, None when empty. Raises ValidationError for what no form can hold."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValidationError(_("is not text"))
    stripped = value.strip()
    if fault := fault_in(stripped, lines=lines):
        raise ValidationError(fault)
    return stripped or None
