"""What a trial has published, to stand beside what is computed. The figures are data, never code.

A file `fixtures/*_published.yaml` names the study by `registry_id`. It is data of a demonstration: it is
shown only beside synthetic subjects.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

from patients.models import Subject
from trials.models import Study

NOT_SHOWN = "What is published is not shown"


@dataclass(frozen=True)
class Published:
    """Published figures by arm and measure, as they were printed, and where they were."""

    source: str
    arms: Mapping[str, Mapping[str, Any]]

    def measure(self, arm: str, name: str) -> Mapping[str, Any]:
        """The figures of one measure in one arm; empty where none was published."""
        found = self.arms.get(arm, {}).get(name, {})
        return found if isinstance(found, Mapping) else {"subjects": found}

    def names(self) -> list[str]:
        """The measures that any arm has, in the order in which they are written."""
        return list(dict.fromkeys(name for of_arm in self.arms.values() for name in of_arm))


def published_for(study: Study, subjects: Iterable[Subject]) -> tuple[Published | None, str]:
    """What is published of a study, or None with the reason why it is not shown.

    The reason is empty where nothing is published.
    """
    found = _published(study)
    held = list(subjects)
    persons = sum(not subject.is_synthetic for subject in held)
    if found is not None and persons:
        return None, f"{NOT_SHOWN} beside subjects who are not synthetic ({persons} of {len(held)})."
    if found is not None and not held:
        return None, f"{NOT_SHOWN} without a subject beside whom to show it."
    return found, ""


def _published(study: Study) -> Published | None:
    for path in sorted((Path(settings.BASE_DIR) / "fixtures").glob("*_published.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if content.get("registry_id") == study.registry_id:
            return Published(content["source"], content["arms"])
    return None
