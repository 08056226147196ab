"""The protocol and its conduct, as pages of the admin. Importing registers them."""

from trials.admin import accounts, assignments, dose_modification, protocol  # noqa: F401
