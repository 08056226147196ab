"""The survival data of the reference values, as samples."""

from ecrf.reports.statistics.sample import Observation
from tests.clinical.reference import rows


def sample_of(dataset: str, group: str) -> list[Observation]:
    """The subjects of one group; an empty group would let its test pass idly."""
    found = [
        Observation(float(row["time"]), row["status"] == "1")
        for row in rows("survival_data.csv")
        if row["dataset"] == dataset and row["group"] == group
    ]
    assert found, f"survival_data.csv has no {dataset} {group}"
    return found


def number(text: str) -> float | None:
    """The number of a cell; NA is None."""
    return None if text == "NA" else float(text)
