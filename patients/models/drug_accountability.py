"""Drug accountability: what was handed out and what came back."""

from django.utils.translation import gettext_lazy as _

from patients.fields import (
    CountField,
    ExactDateField,
    ProtocolReferenceField,
    QuantityField,
    TextAnswerField,
)
from patients.models.base import CaseReportForm, Form, FormGroup


class DrugAccountability(CaseReportForm):
    """One dispensing of a study drug, and its return (CDASH DA).

    Capsules for a drug that is taken at home; vials for an infusion. One batch and one strength a form.
    """

    form = Form(
        oid="DA",
        group=FormGroup.TREATMENT,
        place=3,
        path="drug-accountability",
        title=_("Drug accountability"),
        domain="DA",
        dated_by="dispensed_on",
        repeats=True,
        at_visit=False,
    )

    drug = ProtocolReferenceField("trials.Drug", verbose_name=_("Study drug"), cdash="DATRT", required=True)
    batch_number = TextAnswerField(
        _("Batch number"), identifying=False, max_length=60, cdash="DALOT", required=True
    )
    strength = QuantityField(
        _("Strength of a capsule or vial"),
        unit="mg",
        limits=("0.1", 10000),
        cdash="DASTRN",
        required=True,
        help_text=_("As printed on the package, e.g. 4 or 10 mg"),
    )
    dispensed_on = ExactDateField(_("Dispensed on"), cdash="DADTC", required=True)
    capsules_dispensed = CountField(
        _("Capsules dispensed"), limits=(0, 2000), usual=(1, 200), cdash="DISPAMT_DAORRES"
    )
    returned_on = ExactDateField(_("Returned on"), help_text=_("Empty while the capsules are at home"))
    capsules_returned = CountField(_("Capsules returned"), limits=(0, 2000), cdash="RETAMT_DAORRES")
    capsules_lost = CountField(_("Capsules lost or destroyed"), limits=(0, 2000), cdash="LOSTAMT_DAORRES")
    loss_reason = TextAnswerField(_("How they were lost or destroyed"))
    vials_used = CountField(_("Vials used"), limits=(0, 200), cdash="VIALS_DAORRES")
    vials_discarded = CountField(_("Vials discarded unused"), limits=(0, 200))
