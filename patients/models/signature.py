"""Electronic signatures (21 CFR 11.50, 11.70): who signed which versions of which forms, meaning what."""

from collections.abc import Mapping

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patients.models.subject import Subject
from patients.models.visit import Visit
from trials.models import AuditEvent, RegulatedModel, Role, system_chain


class SignatureScope(models.TextChoices):
    """What is signed at once."""

    FORMS = "FORMS", _("Forms")
    VISIT = "VISIT", _("Every form of a visit")
    CASEBOOK = "CASEBOOK", _("The whole casebook")


class SignatureMeaning(models.TextChoices):
    """What a signature says. A signature keeps its words, so a change of them here changes none."""

    REVIEW = (
        "REVIEW",
        _("I reviewed this form and confirm that the data are complete and accurate."),
    )
    AUTHORSHIP = (
        "AUTHORSHIP",
        _("I entered or corrected the data of this form and am responsible for them."),
    )
    VISIT = (
        "VISIT",
        _("I reviewed every form of this visit and confirm that the data are complete and accurate."),
    )
    CASEBOOK = (
        "CASEBOOK",
        _(
            "I reviewed the whole casebook of this subject and confirm that the data are complete and "
            "accurate and that the study was conducted at my site under my supervision."
        ),
    )


MEANINGS: Mapping[SignatureScope, tuple[SignatureMeaning, ...]] = {
    SignatureScope.FORMS: (SignatureMeaning.REVIEW, SignatureMeaning.AUTHORSHIP),
    SignatureScope.VISIT: (SignatureMeaning.VISIT,),
    SignatureScope.CASEBOOK: (SignatureMeaning.CASEBOOK,),
}

POLICY_VERSION = "1"
POLICY = _(
    "My electronic signature in this system is the legally binding equivalent of my handwritten signature. "
    "I am accountable for every act recorded under it. I sign only what I have read, use my username, "
    "password and second factor myself, share them with nobody, and report at once when somebody else may "
    "know them."
)


class PolicyAcknowledgment(RegulatedModel):
    """A user has read what a signature holds the user accountable for (21 CFR 11.10(j)); once a version."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("user")
    )
    policy_version = models.CharField(_("version of the policy"), max_length=10)
    text = models.TextField(_("text of the policy"))
    acknowledged_at = models.DateTimeField(_("acknowledged at"))

    class Meta(RegulatedModel.Meta):
        verbose_name = _("acknowledgment of the signature policy")
        verbose_name_plural = _("acknowledgments of the signature policy")
        constraints = [
            models.UniqueConstraint(fields=["user", "policy_version"], name="one_acknowledgment_a_version")
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.policy_version}"

    @property
    def audit_chain_id(self) -> int:
        return system_chain().pk


class Signature(RegulatedModel):
    """One act of signing by one person, for forms of one subject. Written once; never changed.

    Name, username, role and words are kept as they were: nothing that happens to the account later changes
    them. `identifier` is random and part of every digest; `digest` (SHA-256) covers all of this and the
    digests of the signed forms.
    """

    identifier = models.CharField(_("identifier"), max_length=32, unique=True)
    subject = models.ForeignKey(
        Subject, on_delete=models.PROTECT, related_name="signatures", verbose_name=_("subject")
    )
    signer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("signer")
    )
    username = models.CharField(_("username"), max_length=60)
    printed_name = models.CharField(_("printed name"), max_length=120)
    role = models.CharField(_("role"), max_length=30, choices=Role.choices)
    scope = models.CharField(_("scope"), max_length=10, choices=SignatureScope.choices)
    visit = models.ForeignKey(
        Visit, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("visit")
    )
    meaning = models.CharField(_("meaning"), max_length=20, choices=SignatureMeaning.choices)
    statement = models.TextField(_("what was signed"))
    signed_at = models.DateTimeField(_("signed at"))
    digest = models.CharField(_("digest"), max_length=64)

    class Meta(RegulatedModel.Meta):
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(condition=~Q(printed_name=""), name="a_signature_has_a_printed_name"),
            models.CheckConstraint(
                condition=Q(scope="VISIT", visit__isnull=False) | ~Q(scope="VISIT") & Q(visit__isnull=True),
                name="a_signature_of_a_visit_names_it",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.printed_name} ({self.username}) {self.signed_at:%Y-%m-%d %H:%M:%S} UTC"

    @property
    def audit_chain_id(self) -> int:
        return self.subject.chain_id


class SignedForm(RegulatedModel):
    """A form under a signature, in exactly the version that was shown.

    `history_rows` names the history rows that were signed (patients/signed_content.py); `content_digest`
    (SHA-256) covers what they hold; `digest` binds it to the signature and to this record, so that it cannot
    be cut or copied. Any change of the content makes it void, with the cause; it is never made valid again.
    """

    signature = models.ForeignKey(
        Signature, on_delete=models.PROTECT, related_name="signed_forms", verbose_name=_("signature")
    )
    subject = models.ForeignKey(
        Subject, on_delete=models.PROTECT, related_name="signed_forms", verbose_name=_("subject")
    )
    visit = models.ForeignKey(
        Visit, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("visit")
    )
    form = models.CharField(_("form"), max_length=12)
    record_id = models.PositiveBigIntegerField(_("record"))
    repeat = models.PositiveIntegerField(_("entry"))
    version = models.PositiveIntegerField(_("signed version"))
    changed_in = models.ForeignKey(
        AuditEvent, on_delete=models.PROTECT, related_name="+", verbose_name=_("last change before it")
    )
    history_rows = models.JSONField(_("history rows"))
    content_digest = models.CharField(_("digest of the content"), max_length=64)
    digest = models.CharField(_("digest"), max_length=64)
    void = models.BooleanField(_("void"), default=False)
    void_cause = models.TextField(_("why it is void"), blank=True, default="")
    void_at = models.DateTimeField(_("void since"), null=True, blank=True)

    class Meta(RegulatedModel.Meta):
        verbose_name = _("signed form")
        verbose_name_plural = _("signed forms")
        ordering = ("id",)
        indexes = [
            models.Index(fields=["form", "record_id"], name="signature_of_a_form"),
            models.Index(fields=["subject", "void"], name="signatures_in_force"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["signature", "form", "record_id"], name="a_form_stands_once_in_a_signature"
            ),
            models.CheckConstraint(
                condition=Q(void=False, void_cause="", void_at__isnull=True)
                | Q(void=True, void_at__isnull=False) & ~Q(void_cause=""),
                name="a_void_signature_says_why_and_since_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.form} {self.record_id}, {self.signature}"

    @property
    def audit_chain_id(self) -> int:
        return self.subject.chain_id
