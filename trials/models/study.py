"""The study as its registry record states it, its sites, arms and settings."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from trials.clinical.words import printed_unit, with_unit
from trials.models.audit import Chain
from trials.models.base import RegulatedModel

CODE = RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", _("letters, digits, dot, dash and underscore only"))


class StudyNoun(RegulatedModel):
    """Base of protocol data: recorded in the chain of the study."""

    study = models.ForeignKey("trials.Study", on_delete=models.PROTECT, related_name="%(class)ss")

    class Meta(RegulatedModel.Meta):
        abstract = True

    @property
    def audit_chain_id(self) -> int:
        return self.study.chain_id


class Study(RegulatedModel):
    """A trial; facts are those of the registry record unless a setting says otherwise."""

    code = models.CharField(
        max_length=40, unique=True, validators=[CODE], help_text=_("Sponsor's study code")
    )
    registry_id = models.CharField(max_length=20, unique=True)
    title = models.CharField(max_length=400)
    brief_summary = models.TextField(blank=True)
    detailed_description = models.TextField(blank=True)
    phase = models.CharField(max_length=20)
    study_type = models.CharField(max_length=40)
    allocation = models.CharField(max_length=40)
    allocation_method = models.CharField(max_length=200, blank=True)
    intervention_model = models.CharField(max_length=40)
    masking = models.CharField(max_length=40)
    primary_purpose = models.CharField(max_length=40)
    recruitment_status = models.CharField(max_length=40)
    start_date = models.DateField()
    completion_date = models.DateField(null=True, blank=True)
    enrollment = models.PositiveIntegerField()
    condition = models.CharField(max_length=200)
    sponsor = models.CharField(max_length=200)
    principal_investigator = models.CharField(max_length=200)
    minimum_age = models.PositiveSmallIntegerField(null=True, blank=True)
    maximum_age = models.PositiveSmallIntegerField(null=True, blank=True)
    eligible_sex = models.CharField(max_length=10, default="ALL")
    healthy_volunteers = models.BooleanField(default=False)
    registry_last_updated = models.DateField(null=True, blank=True)
    protocol_version = models.CharField(max_length=40)
    chain = models.OneToOneField(Chain, on_delete=models.PROTECT, related_name="+")

    class Meta(RegulatedModel.Meta):
        verbose_name = _("study")
        verbose_name_plural = _("studies")

    def __str__(self) -> str:
        return self.code

    @property
    def audit_chain_id(self) -> int:
        return self.chain_id

    def setting(self, key: str) -> object:
        """The value of a named setting. Raises StudySetting.DoesNotExist."""
        return self.studysettings.get(key=key).value


class StudySetting(StudyNoun):
    """What the published record leaves open: a value, its default, and whether it is an assumption."""

    key = models.CharField(max_length=60, validators=[CODE])
    value = models.JSONField(null=True, blank=True)
    default = models.JSONField(null=True, blank=True)
    unit = models.CharField(max_length=20, blank=True)
    is_assumption = models.BooleanField(default=True)
    description = models.TextField()

    class Meta(StudyNoun.Meta):
        verbose_name = _("study setting")
        verbose_name_plural = _("study settings")
        constraints = [models.UniqueConstraint(fields=["study", "key"], name="one_value_per_setting")]

    def __str__(self) -> str:
        return self.key

    def in_words(self) -> str:
        """What was open, and how the study decided it."""
        return f"{self.description} Set to {self.value_in_words()}."

    def value_in_words(self) -> str:
        """The value with its unit; the codes that the description explains stand as they are."""
        if self.value is None or self.value == []:
            return "empty"
        if isinstance(self.value, bool):
            return "yes" if self.value else "no"
        if self.key.endswith("_unit"):
            return printed_unit(str(self.value))
        shown = ", ".join(map(str, self.value)) if isinstance(self.value, list) else str(self.value)
        return with_unit(shown, self.unit)


class Site(StudyNoun):
    """A hospital that enters data. Its code starts the code of each of its subjects."""

    code = models.CharField(max_length=10, validators=[CODE])
    name = models.CharField(max_length=200)
    city = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=100, blank=True)
    time_zone = models.CharField(max_length=40, default="Asia/Shanghai")
    is_synthetic = models.BooleanField(default=False, help_text=_("Exists only in demo data"))
    chain = models.OneToOneField(Chain, on_delete=models.PROTECT, related_name="+")

    class Meta(StudyNoun.Meta):
        verbose_name = _("site")
        verbose_name_plural = _("sites")
        constraints = [models.UniqueConstraint(fields=["study", "code"], name="one_site_per_code")]

    def __str__(self) -> str:
        return self.code

    @property
    def audit_chain_id(self) -> int:
        return self.chain_id


class StudyContact(StudyNoun):
    """A person or place the registry names that is no site of its own."""

    name = models.CharField(max_length=200)
    role = models.CharField(max_length=60)
    affiliation = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=100, blank=True)
    note = models.TextField(blank=True)

    class Meta(StudyNoun.Meta):
        verbose_name = _("study contact")
        verbose_name_plural = _("study contacts")
        constraints = [models.UniqueConstraint(fields=["study", "name", "role"], name="one_contact_per_role")]

    def __str__(self) -> str:
        return f"{self.name} ({self.role})"


class Reference(StudyNoun):
    """A publication that the registry record cites."""

    class Kind(models.TextChoices):
        BACKGROUND = "BACKGROUND", _("Background")
        DERIVED = "DERIVED", _("Derived: a report of this study")

    kind = models.CharField(max_length=12, choices=Kind.choices)
    pubmed_id = models.CharField(max_length=12)
    doi = models.CharField(max_length=100, blank=True)
    citation = models.TextField()

    class Meta(StudyNoun.Meta):
        verbose_name = _("reference")
        verbose_name_plural = _("references")
        constraints = [
            models.UniqueConstraint(fields=["study", "pubmed_id"], name="one_reference_per_article")
        ]

    def __str__(self) -> str:
        return f"PMID {self.pubmed_id}"


class Arm(StudyNoun):
    """A treatment group."""

    code = models.CharField(max_length=10, validators=[CODE])
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    ratio = models.PositiveSmallIntegerField(default=1, help_text=_("Share in the allocation"))

    class Meta(StudyNoun.Meta):
        verbose_name = _("arm")
        verbose_name_plural = _("arms")
        constraints = [models.UniqueConstraint(fields=["study", "code"], name="one_arm_per_code")]

    def __str__(self) -> str:
        return self.code
