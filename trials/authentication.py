"""Authentication by password; authorization by trials/roles.py, never by Django's stored permissions."""

from typing import Any

from django.contrib.auth.backends import ModelBackend

from trials.models import User


class RoleBackend(ModelBackend):
    """Password check of people whose account is open and has not expired.

    It grants nothing: rights are asked of trials/roles.py.

    The admin classes answer for themselves (`ecrf/admin_site.py`); a permission that nobody answers
    for is denied.
    """

    def user_can_authenticate(self, user: Any) -> bool:
        return super().user_can_authenticate(user) and user.is_staff

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return False

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return isinstance(user_obj, User) and user_obj.is_staff
