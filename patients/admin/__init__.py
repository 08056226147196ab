"""Captured data as pages of the admin. Importing registers them."""

from patients.admin import (  # noqa: F401
    audit_review,
    form,
    lock,
    query,
    randomization_list,
    redaction,
    reference_range,
    signature,
    subject,
    verification,
)
