"""What the results of a sample say about kidney, liver and calcium, beside the sample."""

from collections.abc import Iterator

from patients.derivations.liver_injury import LIVER, liver_injury
from patients.derivations.organ_function import (
    ALBUMIN,
    BILIRUBIN,
    CALCIUM,
    CREATININE,
    DerivedValue,
    child_pugh_on,
    corrected_calciums,
    creatinine_clearances,
)
from patients.derivations.results import Result, results
from patients.derivations.told import Told
from patients.facts import Facts
from patients.models import LabSample
from trials.clinical.hys_law import HysLaw, Verdict
from trials.clinical.undetermined import Undetermined
from trials.clinical.words import off_whole

VERDICTS = {
    Verdict.MET: "met",
    Verdict.CHOLESTATIC: "fulfilled but for ALP: cholestasis?",
    Verdict.NOT_MET: "not met",
    Verdict.UNDETERMINED: "",
}


def told_of_organs(facts: Facts, form: LabSample) -> Iterator[Told]:
    """What follows from the creatinine, calcium, bilirubin and liver enzymes of this sample."""
    own = {each.code: each for each in results(facts, form.subject) if each.sample.pk == form.pk}
    yield from _values(facts, form, own)
    if form.collected_on and (BILIRUBIN in own or ALBUMIN in own):
        found = child_pugh_on(facts, form.subject, form.collected_on)
        score = found.score
        answer = "" if isinstance(score, Undetermined) else f"{score.child_class}, {score.points} points"
        row = (own.get(BILIRUBIN) or own[ALBUMIN]).row
        yield Told("Child-Pugh score", answer, found.words, row=row, sources=found.sources)
    enzymes = [own[code] for code in LIVER if code in own]
    if enzymes:
        injury = liver_injury(facts, form.subject)
        answer = VERDICTS[injury.by_upper_limit.verdict]
        reason = f"over all results of the subject: {injury.words}"
        if injury.by_baseline is not None:
            reason += "; ".join(("", _second_signal(injury.by_baseline), *injury.unclear_baselines))
        yield Told("Hy's law", answer, reason, row=enzymes[0].row, sources=injury.sources)


def _second_signal(law: HysLaw) -> str:
    told = VERDICTS[law.verdict] or Undetermined(law.missing).sentence()
    return f"by multiples of baseline: {told}"


def _values(facts: Facts, form: LabSample, own: dict[str, Result]) -> Iterator[Told]:
    derived = ((CREATININE, creatinine_clearances), (CALCIUM, corrected_calciums))
    for code, derive in derived:
        if code not in own:
            continue
        source = own[code].source
        for each in derive(facts, form.subject):
            if source in each.sources:
                yield _told(each, own[code])


def _told(value: DerivedValue, result: Result) -> Told:
    number = value.value
    answer = "" if isinstance(number, Undetermined) else off_whole(number, value.unit)
    return Told(value.name, answer, value.words, row=result.row, sources=value.sources)
