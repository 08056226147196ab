from datetime import date
from types import SimpleNamespace

import pytest

from tests.ecrf.api.world import world
from tests.factories import save
from trials.models import DoseModification, DoseModificationTable, Drug, ProhibitedMedication

__all__ = ["world"]


@pytest.fixture
def treatment_rules(world: SimpleNamespace) -> DoseModificationTable:
    """A dose-modification table of one row and a prohibited medication, for the small study."""
    study, since = world.study, date(2020, 3, 6)
    table = DoseModificationTable(study=study, code="1", title="Table", valid_from=since, source="a label")
    save(study.chain, table)
    row = DoseModification(
        study=study,
        table=table,
        code="L1",
        drug=Drug.objects.get(study=study, code="LENVATINIB"),
        grade_from=3,
        grade_to=4,
        action="HOLD",
        text="An event of grade 3 or 4: hold",
        order=1,
    )
    warfarin = ProhibitedMedication(
        study=study, code="VKA", title="Vitamin K antagonists", names=["warfarin"], valid_from=since
    )
    save(study.chain, row, warfarin)
    return table
