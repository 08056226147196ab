"""The protocol and its conduct, as pages of the admin. Importing registers them."""

from trials.admin import accounts, dose_modification, protocol, randomization  # noqa: F401
