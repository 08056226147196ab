"""Build the demonstration in the connected, empty database."""

from collections.abc import Callable, Sequence
from pathlib import Path

from django.conf import settings

from ecrf.demo.accounts import make_accounts
from ecrf.demo.cast import Cast
from ecrf.demo.lives import live
from ecrf.demo.plans import Plan, arm_sequence
from ecrf.demo.replay import replay
from ecrf.demo.world import OPENED_AT
from patients.actions.signatures import acknowledge_policy
from patients.models import POLICY_VERSION, Subject
from trials.actions.dictionary import load_shipped_ctcae
from trials.actions.randomization_list import import_list
from trials.audit import clock
from trials.models import User
from trials.protocol.loading import load_protocol

PROTOCOL = ("protocol/NCT04361331", "demo_site")
LIST_NAME = "Demonstration, synthetic"


def build(plans: Sequence[Plan], lived: Callable[[int], object] = lambda count: None) -> None:
    """Protocol, accounts and list, then every life through the actions."""
    with clock.simulated(OPENED_AT):
        cast = _open_study()
    enrolled: dict[int, Subject] = {}
    replay([live(cast, plan, enrolled) for plan in plans], lived)


def _open_study() -> Cast:
    fixtures = Path(settings.BASE_DIR) / "fixtures"
    report = load_protocol(actor=User.objects.system_user(), paths=[fixtures / name for name in PROTOCOL])
    load_shipped_ctcae(actor=User.objects.system_user())
    people = make_accounts(report.study)
    rows = [{"number": number, "stratum": "", "arm": arm} for number, arm in enumerate(arm_sequence(), 1)]
    import_list(actor=people["keeper"], study=report.study, name=LIST_NAME, rows=rows, is_demo=True)
    for signer in ("investigator", "principal"):
        acknowledge_policy(actor=people[signer], version=POLICY_VERSION)
    return Cast(report.study, people)
