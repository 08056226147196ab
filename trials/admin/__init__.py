"""The protocol and its conduct, as pages of the admin. Importing registers them."""

from trials.admin import accounts, protocol, randomization  # noqa: F401
