"""A cut tail leaves a chain that verifies; only an anchor that was kept outside shows it."""

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from tests.factories import make_study, save
from tests.trials.audit.statements import constraints_now, run, unguarded
from trials.audit.anchors import CannotAnchor, new_key, read_anchor, read_private_key
from trials.audit.findings import Rule
from trials.audit.triggers import install
from trials.audit.verification import Verification
from trials.models import AuditEvent, Chain, Drug, Study

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R01", "R03")]


class Kept:
    """A key and an anchor in a directory outside the database."""

    def __init__(self, directory: Path, name: str = "anchor.json") -> None:
        self.key, self.public = directory / "key", directory / "key.pub"
        self.file = directory / name
        call_command(
            "anchor_audit",
            key=self.key,
            out=self.file,
            new_key=not self.key.exists(),
            stdout=io.StringIO(),
        )

    def rules(self, study: str | None = None) -> list[tuple[Rule, str]]:
        heads = read_anchor(self.file, self.public).heads
        found = Verification(anchored=heads, study=study).findings()
        return [(each.rule, each.chain) for each in found]


def two_more(study: Study) -> None:
    save(study.chain, Drug(study=study, code="ASPIRIN", name="a", route="ORAL"))
    save(study.chain, Drug(study=study, code="IBUPROFEN", name="i", route="ORAL"))


def cut_off(chain: Chain, keep: int) -> None:
    """Remove every event after `keep`, its rows of drugs, and set the chain back: as if never written."""
    first = chain.pk << 32 | keep
    last = AuditEvent.objects.get(pk=first)
    constraints_now()
    with unguarded():
        run(
            "DELETE FROM trials_drug WHERE id IN (SELECT id FROM trials_historicaldrug WHERE event_id > %s)",
            first,
        )
        run("DELETE FROM trials_historicaldrug WHERE event_id > %s", first)
        run("DELETE FROM trials_auditevent WHERE id > %s AND chain_id = %s", first, chain.pk)
        run(
            "UPDATE trials_chain SET last_number = %s, last_hash = %s, last_recorded_at = "
            "(SELECT recorded_at FROM trials_auditevent WHERE id = %s) WHERE id = %s",
            keep,
            last.hash,
            first,
            chain.pk,
        )
    install()


def test_a_cut_tail_is_found_by_the_anchor_and_only_by_it(study: Study, tmp_path: Path) -> None:
    before = AuditEvent.objects.filter(chain=study.chain).count()
    two_more(study)
    kept = Kept(tmp_path)
    assert kept.rules() == []
    cut_off(study.chain, before)
    assert list(Verification().findings()) == []
    assert kept.rules() == [(Rule.ANCHOR_CUT, study.chain.key)]
    with pytest.raises(CommandError, match=f"chain {study.chain.key}, event {before}: the chain ends before"):
        call_command("verify_audit", anchor=kept.file, public_key=kept.public, stdout=io.StringIO())
    call_command("verify_audit", stdout=io.StringIO())


def test_a_tail_written_anew_after_the_cut_is_another_one(study: Study, tmp_path: Path) -> None:
    before = AuditEvent.objects.filter(chain=study.chain).count()
    two_more(study)
    kept = Kept(tmp_path)
    cut_off(study.chain, before)
    two_more(study)
    assert list(Verification().findings()) == []
    assert kept.rules() == [(Rule.ANCHOR_HASH, study.chain.key)]


def test_a_record_that_went_on_fits_its_older_anchor(study: Study, tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    two_more(study)
    assert kept.rules() == []


def test_a_chain_that_is_gone_altogether_is_missed(study: Study, tmp_path: Path) -> None:
    gone = Chain.objects.create(kind="SITE", key="site:TEST-1/GONE")
    kept = Kept(tmp_path)
    constraints_now()
    with transaction.atomic():
        with unguarded():
            run("DELETE FROM trials_chain WHERE id = %s", gone.pk)
        install()
        assert list(Verification().findings()) == []
        assert kept.rules() == [(Rule.ANCHOR_CHAIN, gone.key)]
        assert kept.rules(study="ANOTHER") == []


def test_an_anchor_says_what_it_holds_and_not_the_key(study: Study, tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    content = json.loads(kept.file.read_text())["anchor"]
    chain = Chain.objects.get(pk=study.chain_id)
    assert {"key": chain.key, "number": chain.last_number, "hash": chain.last_hash} in content["chains"]
    assert content["counts"]["events"] == AuditEvent.objects.count()
    assert content["software"].startswith("icc-ecrf")
    assert content["taken_at"].endswith("Z")
    assert "PRIVATE" not in kept.file.read_text() + kept.public.read_text()
    assert os.stat(kept.key).st_mode & 0o777 == 0o600


def changed_number(signed: Any) -> None:
    signed["anchor"]["chains"][0]["number"] += 1


def without_a_chain(signed: Any) -> None:
    signed["anchor"]["chains"].pop()


def other_signature(signed: Any) -> None:
    signed["signature"] = "A" * 86 + "=="


@pytest.mark.parametrize("change", [changed_number, without_a_chain, other_signature])
def test_a_changed_anchor_is_refused(study: Study, tmp_path: Path, change: Any) -> None:
    kept = Kept(tmp_path)
    signed = json.loads(kept.file.read_text())
    change(signed)
    kept.file.write_text(json.dumps(signed))
    with pytest.raises(CannotAnchor, match="was changed, or signed with another key"):
        kept.rules()


def test_an_anchor_of_another_key_is_refused(study: Study, tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    other = new_key(tmp_path / "other")
    with pytest.raises(CannotAnchor, match="signed with another key"):
        read_anchor(kept.file, other)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"anchor": {}}', "\x00"])
def test_what_is_no_anchor_is_refused(study: Study, tmp_path: Path, content: str) -> None:
    kept = Kept(tmp_path)
    kept.file.write_text(content)
    with pytest.raises(CannotAnchor, match=r"anchor\.json"):
        kept.rules()


def test_a_private_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    new_key(tmp_path / "key")
    (tmp_path / "key").chmod(0o640)
    with pytest.raises(CannotAnchor, match="chmod 600"):
        read_private_key(tmp_path / "key")


def test_neither_a_key_nor_an_anchor_is_overwritten(study: Study, tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    held = kept.key.read_bytes(), kept.file.read_bytes()
    with pytest.raises(CannotAnchor, match="overwritten"):
        new_key(kept.key)
    with pytest.raises(CommandError, match="not overwritten"):
        Kept(tmp_path)
    assert (kept.key.read_bytes(), kept.file.read_bytes()) == held


def test_a_chain_without_its_end_is_not_anchored(study: Study, tmp_path: Path) -> None:
    make_study("TEST-2")
    run("UPDATE trials_chain SET last_number = last_number + 1 WHERE id = %s", study.chain_id)
    with pytest.raises(CommandError, match="verify the record first"):
        Kept(tmp_path)
    assert not (tmp_path / "anchor.json").exists()
