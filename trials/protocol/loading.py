"""Saves a protocol: what is new is added, what differs is changed with a reason, nothing is removed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from trials.audit.recording import Act, Recording, recording
from trials.models import Chain, ChainKind, DoseModificationTable, Site, Study, User
from trials.protocol.errors import ProtocolError
from trials.protocol.parsing import read_protocol
from trials.protocol.records import Protocol, Record
from trials.protocol.schema import RANGES, SITES, STUDY, Section, every_section
from trials.roles import Verb, require

A_NEW_VERSION = "what is to be changed is a new version"


@dataclass
class LoadReport:
    """What a load did. `changed` names each changed field, without its values."""

    study: Study
    created: dict[str, int] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    unchanged: int = 0


def load_protocol(*, actor: User, paths: Sequence[Path], reason: str = "") -> LoadReport:
    """Load the protocol of a directory, and of further directories that add sites and laboratories.

    Loading the same files again writes nothing. Raises NotPermitted, and ProtocolError with every fault: in
    the files, a change of what is stored without a reason, any change of a stored reference range (results
    rest on it), a stored record that the files do not hold.
    """
    protocol = read_protocol(paths)
    refuse_synthetic_sites(protocol)
    stored = Study.objects.filter(code=protocol.study["code"]).first()
    role = require(actor, Verb.MANAGE_PROTOCOL, study=stored)
    with transaction.atomic(durable=True):
        study_chain, site_chains = _chains(protocol)
        act = Act(actor, role, "load protocol", reason.strip())
        with recording([study_chain, *site_chains.values()], act, durable=False) as record:
            return _Saver(protocol, record, study_chain, site_chains).save()


def refuse_synthetic_sites(protocol: Protocol) -> None:
    """Synthetic sites exist only where synthetic data may. Raises ProtocolError."""
    if settings.DEMO:
        return
    lines = [
        f"{site.where}: is_synthetic: is refused outside demo settings"
        for site in protocol.records[SITES.name]
        if site["is_synthetic"]
    ]
    if lines:
        raise ProtocolError(lines)


def _chains(protocol: Protocol) -> tuple[Chain, dict[str, Chain]]:
    code = protocol.study["code"]
    study_chain = _chain(ChainKind.STUDY, f"study:{code}")
    sites = [site["code"] for site in protocol.records[SITES.name]]
    return study_chain, {site: _chain(ChainKind.SITE, f"site:{code}/{site}") for site in sites}


def _chain(kind: ChainKind, key: str) -> Chain:
    return Chain.objects.get_or_create(key=key, defaults={"kind": kind})[0]


class _Saver:
    """One load, inside its recording: compares section by section, in the order of reference."""

    def __init__(
        self, protocol: Protocol, record: Recording, study_chain: Chain, site_chains: dict[str, Chain]
    ) -> None:
        self.protocol = protocol
        self.record = record
        self.study_chain = study_chain
        self.site_chains = site_chains
        self.lines: list[str] = []

    def save(self) -> LoadReport:
        """Write the differences. Raises ProtocolError, which rolls everything back."""
        self.report = LoadReport(self._save_study())
        for section in every_section():
            if section is not STUDY:
                self._save_section(section)
        if self.lines:
            raise ProtocolError(self.lines)
        return self.report

    def _save_study(self) -> Study:
        wanted = self.protocol.study
        registry_id, code = wanted["registry_id"], wanted["code"]
        if Study.objects.filter(registry_id=registry_id).exclude(code=code).exists():
            raise ProtocolError([f"{wanted.where}: registry_id: is that of another study"])
        study = Study.objects.filter(code=code).first()
        if study is None:
            study = Study(chain=self.study_chain, **wanted.values)
            study.save()
            self.report = LoadReport(study, created={STUDY.name: 1})
            return study
        self.report = LoadReport(study)
        self._compare(wanted, study)
        return study

    def _save_section(self, section: Section) -> None:
        records = self.protocol.records[section.name]
        stored = {
            tuple(getattr(row, section.column(name)) for name in section.key): row
            for row in section.model.objects.filter(study=self.report.study)
        }
        new: list[Record] = []
        for each in records:
            row = stored.pop(self._stored_key(each), None)
            if row is None:
                new.append(each)
            else:
                each.instance = row
                self._compare(each, row)
        self.lines += [
            f"{section.name}: “{row}” is stored and missing from the files; nothing is ever removed"
            for row in stored.values()
        ]
        self._create(section, new)

    def _stored_key(self, each: Record) -> tuple[Any, ...]:
        return tuple(
            each.links[name].instance.pk if name in each.links else each.values.get(name)
            for name in each.section.key
        )

    def _create(self, section: Section, records: Sequence[Record]) -> None:
        sealed = [each for each in records if _is_sealed(_instances(each).values())]
        self.lines += [f"{each.where}: is new in an approved table: {A_NEW_VERSION}" for each in sealed]
        records = [each for each in records if each not in sealed]
        if not records:
            return
        for each in records:
            each.instance = section.model(study=self.report.study, **each.values, **_instances(each))
            if isinstance(each.instance, Site):
                each.instance.chain = self.site_chains[each.instance.code]
        self.record.save_all([each.instance for each in records])
        self.report.created[section.name] = len(records)

    def _compare(self, wanted: Record, row: Any) -> None:
        differing = list(_differences(wanted, row))
        if not differing:
            self.report.unchanged += 1
            return
        refusal = self._refusal(wanted.section, row)
        if refusal:
            self.lines += [
                f"{wanted.where}: {name}: differs from what is stored: {refusal}" for name in differing
            ]
            return
        for name in differing:
            setattr(
                row, name, wanted.links[name].instance if name in wanted.links else wanted.values.get(name)
            )
        row.save()
        self.report.changed += [f"{wanted.where}: {name}" for name in differing]

    def _refusal(self, section: Section, row: Any) -> str:
        """Why a stored record may not change; empty when it may."""
        if _is_sealed([row, getattr(row, "table", None)]):
            return f"the table is approved; {A_NEW_VERSION}"
        if section is RANGES:
            return "a stored range is corrected by a data manager, so that its results are flagged anew"
        return "" if self.record.act.reason else "a reason is required"


def _is_sealed(rows: Iterable[Any]) -> bool:
    """Whether one of the rows is a dose-modification table that was approved."""
    return any(isinstance(row, DoseModificationTable) and row.is_approved for row in rows)


def _instances(each: Record) -> dict[str, Any]:
    return {name: target.instance for name, target in each.links.items()}


def _differences(wanted: Record, row: Any) -> Iterator[str]:
    for name, value in wanted.values.items():
        if getattr(row, name) != value:
            yield name
    for name in wanted.section.links:
        target = wanted.links.get(name)
        if getattr(row, f"{name}_id") != (target.instance.pk if target else None):
            yield name
