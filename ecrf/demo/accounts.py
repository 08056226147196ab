"""The accounts of the demonstration: made without a password, given the public one where it is shown."""

from ecrf.demo.world import COLLEAGUES, PASSWORD, ROLES_FROM
from trials.actions.accounts import assign, set_password
from trials.models import Site, Study, User


def make_accounts(study: Study) -> dict[str, User]:
    """Every colleague with the role, by username. Nobody can log in yet."""
    system = User.objects.system_user()
    sites = {site.code: site for site in Site.objects.filter(study=study)}
    people = {}
    for each in COLLEAGUES:
        user = User.objects.create_user(each.username, None, full_name=each.full_name)
        assign(
            actor=system,
            user=user,
            study=study,
            role=each.role,
            site=sites[each.site] if each.site else None,
            valid_from=ROLES_FROM,
            trained_on=ROLES_FROM,
        )
        people[each.username] = user
    return people


def open_accounts() -> int:
    """Give the public password to each colleague who has none; how many were opened."""
    system = User.objects.system_user()
    names = [each.username for each in COLLEAGUES]
    closed = [user for user in User.objects.filter(username__in=names) if not user.has_usable_password()]
    for user in closed:
        set_password(
            actor=system,
            user=user,
            password=PASSWORD,
            reason="Demonstration account opened on this machine",
            public=True,
        )
    return len(closed)
