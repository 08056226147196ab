"""Captured data as pages of the admin. Importing registers them."""

from patients.admin import audit_review, form, query, randomization_list, reference_range, signature, subject  # noqa: F401
