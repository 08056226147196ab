"""Protocol data, read-only: everybody in a study reads it; sites and laboratories are those of the user."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from rest_framework import serializers

from trials.api.noun import CodedNoun, OfStudy, ProtocolNoun, code_of
from trials.api.treatment_rules import DoseModificationTableResource, ProhibitedMedicationResource
from trials.models import (
    Arm,
    AtomicCriterion,
    Criterion,
    Drug,
    Laboratory,
    LabTest,
    ReferenceRange,
    RegimenElement,
    Site,
    Study,
    VisitDefinition,
)
from trials.roles import sites_of, studies_of


class OfSite(OfStudy):
    site = django_filters.CharFilter("site__code", label="Code of the site")


class OfLaboratory(OfStudy):
    laboratory = django_filters.CharFilter("laboratory__code", label="Code of the laboratory")
    test = django_filters.CharFilter("test__code", label="Code of the test")


class StudyReply(serializers.ModelSerializer):
    class Meta:
        model = Study
        exclude = ("chain",)


class StudyResource(CodedNoun):
    """Studies, as their registry record states them."""

    queryset = Study.objects.all()
    serializer_class = StudyReply
    filterset_class = None
    parameters = {}

    def get_queryset(self) -> QuerySet[Study]:
        return studies_of(self.user)


class SiteReply(serializers.ModelSerializer):
    study = code_of("study")

    class Meta:
        model = Site
        exclude = ("chain",)


class SiteResource(CodedNoun):
    """Sites that the user may know of."""

    queryset = Site.objects.all()
    serializer_class = SiteReply

    def get_queryset(self) -> QuerySet[Site]:
        return sites_of(self.user).select_related("study")


class ArmReply(serializers.ModelSerializer):
    study = code_of("study")

    class Meta:
        model = Arm
        fields = ("id", "study", "code", "title", "description", "ratio")


class ArmResource(CodedNoun):
    """Treatment groups."""

    queryset = Arm.objects.all()
    serializer_class = ArmReply


class DrugReply(serializers.ModelSerializer):
    study = code_of("study")

    class Meta:
        model = Drug
        fields = ("id", "study", "code", "name", "route")


class DrugResource(CodedNoun):
    """Study drugs."""

    queryset = Drug.objects.all()
    serializer_class = DrugReply


class BandReply(serializers.Serializer):
    from_kg = serializers.DecimalField(max_digits=6, decimal_places=2)
    below_kg = serializers.DecimalField(max_digits=6, decimal_places=2, allow_null=True)
    dose_mg = serializers.DecimalField(max_digits=9, decimal_places=3)


class RegimenElementReply(serializers.ModelSerializer):
    study = code_of("study")
    arm = code_of("arm")
    drug = code_of("drug")
    bands = BandReply(many=True, help_text="Doses by body weight, where the rule is WEIGHT_BAND")
    days = serializers.ListField(child=serializers.IntegerField(), help_text="Days of the cycle, from 1")

    class Meta:
        model = RegimenElement
        fields = (
            "id",
            "study",
            "arm",
            "drug",
            "rule",
            "dose",
            "unit",
            "frequency",
            "days",
            "cycle_length_days",
            "minimum_cycles",
            "maximum_cycles",
            "bands",
        )


class RegimenElementResource(ProtocolNoun):
    """Which arm is treated with which drug, how much and when."""

    queryset = RegimenElement.objects.all()
    serializer_class = RegimenElementReply
    lookup_value_regex = "[0-9]{1,18}"
    related = ("study", "arm", "drug")

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().prefetch_related("bands")


class ScheduledFormReply(serializers.Serializer):
    form = serializers.CharField(help_text="OID")
    panel = serializers.CharField()
    first_cycle_only = serializers.BooleanField()


class VisitDefinitionReply(serializers.ModelSerializer):
    study = code_of("study")
    arm = code_of("arm", allow_null=True, default=None, help_text="Empty: every arm")
    forms = ScheduledFormReply(many=True)

    class Meta:
        model = VisitDefinition
        fields = (
            "id",
            "study",
            "code",
            "title",
            "epoch",
            "anchor",
            "day",
            "window_before_days",
            "window_after_days",
            "every_days",
            "arm",
            "order",
            "forms",
        )


class VisitDefinitionResource(CodedNoun):
    """The schedule of activities."""

    queryset = VisitDefinition.objects.all()
    serializer_class = VisitDefinitionReply
    related = ("study", "arm")
    orderings = {"id": "id", "code": "code", "order": "order"}
    ordering = "order"

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().prefetch_related("forms")


class RuleReply(serializers.ModelSerializer):
    class Meta:
        model = AtomicCriterion
        exclude = ("study", "criterion")


class CriterionReply(serializers.ModelSerializer):
    study = code_of("study")
    rules = RuleReply(many=True)

    class Meta:
        model = Criterion
        fields = ("id", "study", "kind", "number", "text", "rules")


class CriterionResource(ProtocolNoun):
    """Inclusion and exclusion criteria with the rules they consist of."""

    queryset = Criterion.objects.all()
    serializer_class = CriterionReply
    lookup_value_regex = "[0-9]{1,18}"
    orderings = {"id": "id", "number": "number"}

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().prefetch_related("rules")


class LabTestReply(serializers.ModelSerializer):
    study = code_of("study")
    units = serializers.SlugRelatedField(  # type: ignore[var-annotated]
        slug_field="code", many=True, read_only=True, help_text="Other units (UCUM) that are accepted"
    )

    class Meta:
        model = LabTest
        fields = (
            "id",
            "study",
            "code",
            "name",
            "panel",
            "specimen",
            "unit",
            "units",
            "result_kind",
            "normal_word",
            "order",
        )


class LabTestResource(CodedNoun):
    """Laboratory tests of the study."""

    queryset = LabTest.objects.all()
    serializer_class = LabTestReply
    orderings = {"id": "id", "code": "code", "order": "order"}
    ordering = "order"

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().prefetch_related("units")


class LaboratoryReply(serializers.ModelSerializer):
    study = code_of("study")
    site = code_of("site")

    class Meta:
        model = Laboratory
        fields = ("id", "study", "site", "code", "name")


class LaboratoryResource(CodedNoun):
    """Laboratories of the user's sites."""

    queryset = Laboratory.objects.all()
    serializer_class = LaboratoryReply
    filterset_class = OfSite
    related = ("study", "site")

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().filter(site__in=sites_of(self.user))


class ReferenceRangeReply(serializers.ModelSerializer):
    study = code_of("study")
    laboratory = code_of("laboratory")
    test = code_of("test")

    class Meta:
        model = ReferenceRange
        fields = (
            "id",
            "study",
            "laboratory",
            "test",
            "unit",
            "sex",
            "age_from",
            "age_to",
            "low",
            "high",
            "valid_from",
            "valid_to",
            "version",
        )


class ReferenceRangeReader(ProtocolNoun):
    """Limits of normal of the laboratories of the user's sites."""

    queryset = ReferenceRange.objects.all()
    serializer_class = ReferenceRangeReply
    filterset_class = OfLaboratory
    lookup_value_regex = "[0-9]{1,18}"
    related = ("study", "laboratory", "test")

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().filter(laboratory__site__in=sites_of(self.user))


PROTOCOL: dict[str, type[ProtocolNoun]] = {
    "studies": StudyResource,
    "sites": SiteResource,
    "arms": ArmResource,
    "drugs": DrugResource,
    "regimen-elements": RegimenElementResource,
    "visit-definitions": VisitDefinitionResource,
    "criteria": CriterionResource,
    "lab-tests": LabTestResource,
    "laboratories": LaboratoryResource,
    "dose-modification-tables": DoseModificationTableResource,
    "prohibited-medications": ProhibitedMedicationResource,
}
