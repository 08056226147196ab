"""The one admin site of the study team."""

from unfold.sites import UnfoldAdminSite


class StudyAdminSite(UnfoldAdminSite):
    """Every registered page of the study hangs here."""
