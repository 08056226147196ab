"""Acts on accounts, protocol and lists in words, for people; the record keeps the short name."""

from django.utils.translation import gettext_lazy as _

ACTS = {
    "approve dose modifications": _("Dose-modification table approved"),
    "load protocol": _("Protocol loaded"),
    "load dictionary": _("Dictionary loaded"),
    "create randomization list": _("Randomization list created"),
    "import randomization list": _("Randomization list imported"),
    "extend randomization list": _("Randomization list extended"),
    "close randomization list": _("Randomization list closed"),
    "view of unblinded list": _("Randomization list looked at"),
    "create user": _("Account created"),
    "create the system account": _("Account of the system created"),
    "set password": _("Password set"),
    "set last day of account": _("Last day of an account set"),
    "deactivate user": _("Account deactivated"),
    "reactivate user": _("Account reactivated"),
    "assign role": _("Role given"),
    "end role": _("Role ended"),
    "record training": _("Training recorded"),
    "log in": _("Logged in"),
    "log out": _("Logged out"),
    "login failed": _("Login failed"),
    "lock out": _("Locked out"),
    "lift lockout": _("Lockout lifted"),
    "end session": _("Session ended"),
    "issue token": _("Token issued"),
    "end token": _("Token ended"),
    "expired token refused": _("Expired token refused"),
    "set second factor": _("Second factor set"),
    "remove second factor": _("Second factor removed"),
}


def told(action: str) -> str:
    """An act in words; one that the table does not name keeps its own, with a capital.

    >>> told("assign role"), told("calibrate the scale")
    ('Role given', 'Calibrate the scale')
    """
    return str(ACTS.get(action) or f"{action[:1].upper()}{action[1:]}")
