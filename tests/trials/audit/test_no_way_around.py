"""No way of writing regulated rows leads around the recording."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import override_settings

from tests.factories import make_study
from tests.trials.audit.events import newest
from trials.audit.context import NotRecording
from trials.audit.recording import Act, recording
from trials.models import Drug, Study


@pytest.mark.requirement("R05")
@pytest.mark.django_db(transaction=True)
def test_a_save_outside_a_recording_is_refused_and_leaves_no_row(study: Study, new_drug: Any) -> None:
    with pytest.raises(NotRecording):
        new_drug("OUTSIDE").save()
    assert not Drug.objects.filter(code="OUTSIDE").exists()


@pytest.mark.django_db(transaction=True)
def test_a_change_outside_a_recording_is_refused_and_leaves_the_row_as_it_was(study: Study) -> None:
    drug = Drug.objects.get(code="LENVATINIB")
    drug.name = "changed"
    with pytest.raises(NotRecording):
        drug.save()
    assert Drug.objects.get(code="LENVATINIB").name == "Lenvatinib"


@pytest.mark.requirement("R05")
@pytest.mark.parametrize(
    "around",
    [
        lambda drug: Drug.objects.update(name="x"),
        lambda drug: Drug._base_manager.update(name="x"),
        lambda drug: Drug.objects.filter(pk=drug.pk).delete(),
        lambda drug: drug.delete(),
        lambda drug: Drug.objects.bulk_create([Drug(code="BULK")]),
        lambda drug: Drug.objects.bulk_update([drug], ["name"]),
        lambda drug: Drug.objects.create(study=drug.study, code="NEW", name="n", route="ORAL"),
        lambda drug: Drug.objects.update_or_create(code=drug.code, defaults={"name": "x"}),
        lambda drug: drug.study.drugs.update(name="x"),
        lambda drug: drug.study.drugs.all().delete(),
    ],
)
def test_no_other_way_of_writing_regulated_rows_is_open(study: Study, around: Any) -> None:
    drug = Drug.objects.get(code="LENVATINIB")
    with pytest.raises(NotRecording), transaction.atomic():
        around(drug)
    assert list(Drug.objects.filter(pk=drug.pk).values_list("name", flat=True)) == ["Lenvatinib"]
    assert Drug.objects.count() == 4


@pytest.mark.requirement("R16")
def test_regulated_rows_cannot_be_deleted_even_inside_a_recording(study: Study, act: Act) -> None:
    with recording(study.chain, act), pytest.raises(NotRecording):
        Drug.objects.first().delete()


def test_a_part_of_the_columns_cannot_be_saved_because_history_keeps_them_all(study: Study, act: Act) -> None:
    drug = Drug.objects.get(code="LENVATINIB")
    drug.name, drug.route = "only this", "INTRAVENOUS"
    with recording(study.chain, act), pytest.raises(NotRecording, match="whole"):
        drug.save(update_fields=["name"])


def test_a_save_into_a_chain_that_the_act_has_not_locked_is_refused(
    study: Study, act: Act, new_drug: Any
) -> None:
    other = make_study("TEST-2")
    with recording(study.chain, act), pytest.raises(NotRecording, match="not locked"):
        new_drug("ELSEWHERE", other).save()
    assert not Drug.objects.filter(code="ELSEWHERE").exists()


def test_a_set_with_one_row_of_another_chain_is_refused_before_anything_is_written(
    study: Study, act: Act, new_drug: Any
) -> None:
    other = make_study("TEST-2")
    with recording(study.chain, act) as record:
        with pytest.raises(NotRecording, match="not locked"):
            record.save_all([new_drug("OWN"), new_drug("ELSEWHERE", other)])
        assert not Drug.objects.filter(code__in=["OWN", "ELSEWHERE"]).exists()


@pytest.mark.requirement("R52")
def test_a_set_is_written_with_one_history_row_for_each(study: Study, act: Act, new_drug: Any) -> None:
    with recording(study.chain, act) as record:
        created = record.save_all([new_drug("ONE"), new_drug("TWO")])
    assert newest(study.chain).rows == 2
    assert Drug.history.filter(id__in=[each.pk for each in created], history_type="+").count() == 2


def test_a_set_is_changed_with_one_history_row_for_each_that_says_what_was_stored(
    study: Study, act: Act
) -> None:
    drugs = list(Drug.objects.filter(code__in=["LENVATINIB", "OXALIPLATIN"]))
    for drug in drugs:
        drug.name, drug.route = "renamed", "ORAL-NEVER-SAVED"
    with recording(study.chain, act) as record:
        record.update_all(drugs, ["name"])
    assert newest(study.chain).rows == 2
    for drug in Drug.objects.filter(name="renamed"):
        row = Drug.history.filter(id=drug.pk).first()
        assert (row.name, row.route, row.history_type) == (drug.name, drug.route, "~")


@pytest.mark.requirement("R06")
@pytest.mark.django_db(transaction=True)
@override_settings(SIMPLE_HISTORY_ENABLED=False)
def test_the_switch_of_the_history_library_lets_nothing_be_saved_without_history(
    study: Study, act: Act, new_drug: Any
) -> None:
    with recording(study.chain, act):
        new_drug().save()
    assert Drug.history.filter(code="ASPIRIN").count() == 1
    assert newest(study.chain).rows == 1


def test_the_mark_of_the_history_library_on_an_instance_lets_nothing_be_saved_without_history(
    study: Study, act: Act, new_drug: Any
) -> None:
    drug = new_drug()
    drug.skip_history_when_saving = True
    with recording(study.chain, act):
        drug.save()
    assert Drug.history.filter(code="ASPIRIN").count() == 1


@pytest.mark.requirement("R52")
@pytest.mark.django_db(transaction=True)
def test_loaddata_brings_no_regulated_row_in(study: Study, tmp_path: Any) -> None:
    file = tmp_path / "drugs.json"
    file.write_text(
        f'[{{"model": "trials.drug", "pk": 999, "fields": '
        f'{{"study": {study.pk}, "code": "LOADED", "name": "x", "route": "ORAL"}}}}]'
    )
    with pytest.raises(NotRecording):
        call_command("loaddata", str(file), verbosity=0)
    assert not Drug.objects.filter(code="LOADED").exists()
