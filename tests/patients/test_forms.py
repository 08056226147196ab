"""A form says everything about itself, completely enough for every face."""

import re
from typing import Any

import pytest
from django.apps import apps
from django.utils import translation
from jsonschema import Draft202012Validator

from patients.fields import ClinicalField
from patients.forms import FormDefinition, Item, Section, definition, definitions, json_schema
from patients.models import CaseReportForm, Entry, Row, VitalSigns

FORMS = definitions()
SECTIONS = [section for form in FORMS for section in (form, *form.rows.values())]
TABLES = list(apps.get_app_config("patients").get_models())
ITEMS = [(section, item) for section in SECTIONS for item in section.items]

LONGEST_LIST = 12
"""Questions that are read at one glance; a longer form has parts."""

by_oid = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.oid)
by_item = pytest.mark.parametrize(
    ("section", "item"), ITEMS, ids=[f"{section.model.__name__}.{item.name}" for section, item in ITEMS]
)


def test_every_form_has_an_oid_and_a_path_of_its_own() -> None:
    for names in ([form.oid for form in FORMS], [form.path for form in FORMS]):
        assert len(names) == len(set(names)) > 10


@by_oid
def test_a_form_names_itself_its_path_and_its_domain(form: FormDefinition) -> None:
    assert re.fullmatch(r"[A-Z]{2,8}", form.oid)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", form.path)
    assert re.fullmatch(r"[A-Z]{2}", form.domain)
    assert form.title
    assert form.version >= 1
    assert form.model.__doc__
    assert definition(form.oid).model is form.model


@by_oid
def test_every_question_of_a_form_can_be_answered_or_is_derived(form: FormDefinition) -> None:
    columns = {field.name for field in form.model._meta.concrete_fields if isinstance(field, ClinicalField)}
    assert {item.name for item in form.items} == columns
    assert form.asked
    assert any(item.required for item in form.asked)


@by_item
def test_a_question_is_worded_for_a_person(section: Section, item: Item) -> None:
    assert item.question[0].isupper() or item.question[0].isdigit()
    assert item.question != item.name.replace("_", " ")
    assert len(item.question) <= 120


@pytest.mark.requirement("R51")
@by_item
def test_a_derived_field_is_never_required_and_never_asked(section: Section, item: Item) -> None:
    if item.derived:
        assert not item.required
        assert item not in section.asked


@by_item
def test_a_measured_quantity_says_its_unit_or_has_a_question_for_it(section: Section, item: Item) -> None:
    asks_for_the_unit = {"unit", "dose_unit"} & {other.name for other in section.items}
    if item.kind == "quantity":
        assert item.meaning.unit or asks_for_the_unit


@by_item
def test_usual_limits_lie_within_the_possible_ones(section: Section, item: Item) -> None:
    if item.meaning.usual and item.meaning.limits:
        low, high = item.meaning.limits
        assert low <= item.meaning.usual[0] < item.meaning.usual[1] <= high


@by_item
def test_a_cdash_variable_is_written_as_cdash_writes_them(section: Section, item: Item) -> None:
    assert re.fullmatch(r"([A-Z][A-Z0-9]*(_[A-Z]+)?)?", item.meaning.cdash)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.model.__name__)
def test_no_two_questions_of_a_section_share_a_cdash_variable(section: Section) -> None:
    named = [item.meaning.cdash for item in section.items if item.meaning.cdash]
    assert len(named) == len(set(named))
    assert named or issubclass(section.model, Row)


@by_item
def test_a_codelist_has_codes_that_fit_the_column_and_labels_for_all(section: Section, item: Item) -> None:
    for code, label in item.codelist:
        assert 0 < len(code) <= item.field.max_length
        assert label


IDENTIFYING = (
    r"\b(surname|(first|given|family|last|full|maiden) name|name of the (subject|patient)|initials"
    r"|telephone|phone|mobile|e-?mail|(home|postal) address|street|identity|passport|photo\w*)\b"
    r"|姓名|身份证|电话|手机|邮箱|住址|地址|护照|照片"
)


@pytest.mark.requirement("R57")
@by_item
def test_no_question_asks_for_what_identifies_a_person(section: Section, item: Item) -> None:
    for language in ("en", "zh-hans"):
        with translation.override(language):
            asked = f"{item.name} {item.question}".lower().replace("_", " ")
        assert not re.search(IDENTIFYING, asked)


@pytest.mark.requirement("R57")
@pytest.mark.parametrize("model", TABLES, ids=lambda model: model.__name__)
def test_no_column_of_captured_data_is_for_what_identifies_a_person(model: Any) -> None:
    for column in model._meta.get_fields():
        named = f"{column.name} {getattr(column, 'verbose_name', '')}".lower().replace("_", " ")
        # A signature shows the printed name of the signer (21 CFR 11.50), who is no subject.
        assert not re.search(IDENTIFYING, named) or "signer" in named or "printed name" in named


@by_oid
def test_the_parts_of_a_form_ask_every_question_and_every_table_once(form: FormDefinition) -> None:
    asked = [name for part in form.parts for name in part.names]
    assert sorted(asked) == sorted([*(item.name for item in form.asked), *form.rows])
    assert all(len(part.items) <= LONGEST_LIST for part in form.parts)
    titles = [part.title for part in form.parts]
    assert len(set(titles)) == len(titles)


@by_oid
def test_a_part_is_asked_after_an_answer_to_an_earlier_question(form: FormDefinition) -> None:
    before: set[str] = set()
    for part in form.parts:
        if part.only_if is not None:
            assert part.only_if.question in before
            assert not [item for item in part.items if item.required]
            codes = {code for code, _label in form.item(part.only_if.question).codelist}
            assert {str(code) for code in part.only_if.codes} <= codes
        before |= {item.name for item in part.items}


@by_oid
def test_a_headline_is_made_of_answers(form: FormDefinition) -> None:
    for name, words in form.model.form.headline.items():
        assert form.item(name)
        assert str(words).count("{}") == 1


def test_the_json_schema_names_the_part_of_a_question_and_the_answer_after_which_it_is_asked() -> None:
    schema = json_schema(definition("AE"))
    assert schema["properties"]["steroid_started"]["x-part"] == "Immune-related event"
    assert schema["properties"]["drugs"]["x-part"] == "Related to what"
    assert [part["title"] for part in schema["x-parts"]][:3] == ["What happened", "When", "How bad"]
    [after] = [part for part in schema["x-parts"] if part["title"] == "Reaction to an infusion"]
    assert after["only_if"] == {"infusion_reaction": ["Y"]}
    assert "x-part" not in json_schema(definition("VS"))["properties"]["weight"]


@by_oid
def test_the_json_schema_of_a_form_is_a_valid_schema(form: FormDefinition) -> None:
    schema = json_schema(form)
    Draft202012Validator.check_schema(schema)
    assert schema["x-oid"] == form.oid
    assert schema["additionalProperties"] is False
    needed = {name for name, said in schema["properties"].items() if said.get("x-required-for-completeness")}
    assert needed == {item.name for item in form.asked if item.required}
    assert "required" not in schema, "an incomplete form is accepted, so no question is required to send one"


@by_oid
def test_the_json_schema_of_a_form_knows_every_question_and_every_row(form: FormDefinition) -> None:
    properties = json_schema(form)["properties"]
    assert {item.name for item in form.items} | set(form.rows) <= set(properties)
    for name, section in form.rows.items():
        assert {item.name for item in section.items} <= set(properties[name]["items"]["properties"])


def test_the_json_schema_takes_what_the_form_takes_and_no_unknown_field() -> None:
    validator = Draft202012Validator(json_schema(definition("VS")))
    filled: dict[str, Any] = {
        "measured_on": "2021-03-01",
        "weight": "60",
        "external_id": "HIS-7",
        "missing_reasons": {"height": "NOT_DONE"},
        "blood_pressures": [
            {"systolic": 120, "diastolic": 80, "read_at": "08:05", "repeat": 1, "entered_in_error": False}
        ],
    }
    assert validator.is_valid(filled)
    assert not validator.is_valid(filled | {"wieght": 60})
    assert not validator.is_valid(filled | {"weight": 251})
    assert not validator.is_valid(filled | {"missing_reasons": {"height": "LATER"}})
    assert not validator.is_valid(filled | {"blood_pressures": [{"systolic": "high"}]})


def test_the_base_columns_of_a_form_are_no_questions() -> None:
    bookkeeping = {field.name for field in CaseReportForm._meta.get_fields()} | {
        field.name for field in Entry._meta.get_fields()
    }
    assert not bookkeeping & {item.name for item in definition("VS").items}
    assert VitalSigns.form.repeats
