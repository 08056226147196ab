"""Captured data as pages of the admin. Importing registers them."""

from patients.admin import form, query, reference_range, subject  # noqa: F401
