"""Verify the record: triggers, chains, events, history, live rows, signatures, and anchors kept outside."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from patients.signed_content import broken_signatures
from trials.audit.anchors import CannotAnchor, read_anchor
from trials.audit.findings import Finding, Rule
from trials.audit.verification import Verification
from trials.models import Study

MOST = 1000
"""Findings that are told one by one; further ones are only counted."""


def unfit_signatures(study: str | None) -> Iterator[Finding]:
    """Signatures that were cut, copied or forged, or outlived their content."""
    for broken in broken_signatures(study=study):
        yield Finding(
            Rule.SIGNATURE,
            chain=broken.signature.subject.chain.key,
            table=(broken.signed_form or broken.signature)._meta.db_table,
            key=(broken.signed_form or broken.signature).pk,
            detail=str(broken),
        )


class Command(BaseCommand):
    help = "Verify the audit trail; exit status 1, naming the first fault, when anything was changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--anchor", type=Path, help="anchor file; finds a trail that was cut off")
        parser.add_argument("--public-key", type=Path, help="key that the anchor must be signed with")
        parser.add_argument("--study", help="code of the study whose chains are verified (default: all)")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        started = monotonic()
        verification = self.asked(options)
        findings: list[Finding] = []
        count = 0
        with tqdm(unit=" rows", desc="Verifying", disable=None) as bar:
            verification.begin, verification.progress = bar.reset, bar.update
            for finding in chain(verification.findings(), unfit_signatures(options["study"])):
                count += 1
                if count <= MOST:
                    findings.append(finding)
        report = {"counts": vars(verification.counts), "seconds": round(monotonic() - started, 2)}
        SHOWN[options["format"]](self, report, findings, count)
        if count:
            raise CommandError(f"The record is not as it was written: {findings[0]}", returncode=1)

    def asked(self, options: dict[str, Any]) -> Verification:
        study = options["study"]
        if study is not None and not Study._base_manager.filter(code=study).exists():
            raise CommandError(f"There is no study {study}.", returncode=2)
        if (options["anchor"] is None) != (options["public_key"] is None):
            raise CommandError("--anchor and --public-key go together.", returncode=2)
        if options["anchor"] is None:
            return Verification(study=study)
        try:
            anchor = read_anchor(options["anchor"], options["public_key"])
        except CannotAnchor as error:
            raise CommandError(str(error), returncode=1) from error
        return Verification(study=study, anchored=anchor.heads)

    def as_text(self, report: dict[str, Any], findings: list[Finding], count: int) -> None:
        for finding in findings:
            self.stdout.write(str(finding))
        if count > len(findings):
            self.stdout.write(f"and {count - len(findings)} more")
        counts, seconds = report["counts"], report["seconds"]
        rows = counts["events"] + counts["history_rows"] + counts["live_rows"]
        self.stdout.write(
            f"{counts['chains']} chains, {counts['events']} events, {counts['history_rows']} history rows, "
            f"{counts['live_rows']} live rows in {seconds:.1f} s ({rows / max(seconds, 0.01):,.0f} rows/s): "
            f"{count or 'no'} finding{'' if count == 1 else 's'}"
        )

    def as_json(self, report: dict[str, Any], findings: list[Finding], count: int) -> None:
        told = [finding.as_json() for finding in findings]
        self.stdout.write(json.dumps({**report, "count": count, "findings": told}, indent=2))


SHOWN = {"text": Command.as_text, "json": Command.as_json}
