"""References from record to record of one kind (worsened from, split from), which never lead back."""

from patients.forms import FormDefinition
from patients.models import CaseReportForm
from patients.selectors import current


def circles(definition: FormDefinition, form: CaseReportForm) -> dict[str, list[str]]:
    """The references of a form that lead back to itself, over however many records; why, by field.

    A record that is not stored yet cannot be named by another, and one entered in error leads nowhere.
    """
    if form.pk is None:
        return {}
    own = [item for item in definition.asked if item.record_form is definition.model]
    found = {item.name: _way_back(definition, form, item.attname) for item in own}
    return {name: [words] for name, words in found.items() if words}


def _way_back(definition: FormDefinition, form: CaseReportForm, attname: str) -> str:
    """The way from a form back to itself, in words; empty where there is none."""
    target = getattr(form, attname)
    if target is None:
        return ""
    if target == form.pk:
        return "is this record itself"
    stored = current(definition.model, form.subject)
    steps = {key: (number, leads_to) for key, number, leads_to in stored.values_list("pk", "repeat", attname)}
    passed: list[int] = []
    seen: set[int] = set()
    while target in steps and target not in seen:
        seen.add(target)
        number, target = steps[target]
        passed.append(number)
        if target == form.pk:
            return f"leads back to this record, over no. {', '.join(map(str, passed))}"
    return ""
