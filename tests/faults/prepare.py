"""`python -m tests.faults.prepare`: tables, a small study, a coordinator and screened subjects.

Runs in the environment of the server and prints what a client needs to know, as JSON.
"""

import json

SUBJECTS = 4


def main() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0, interactive=False)
    print(json.dumps(world()))


def world() -> dict[str, object]:
    """Username, password, site and codes of subjects."""
    from tests.factories import (
        PASSWORD,
        UserFactory,
        assign,
        coordinator_of,
        make_site,
        make_study,
        screened_subject,
    )
    from trials.models import Role

    site = make_site(make_study())
    coordinator = coordinator_of(site)
    codes = [screened_subject(coordinator, site).code for _ in range(SUBJECTS)]
    everybody = UserFactory()
    for role in Role.values:
        assign(everybody, role, site.study)
    return {
        "username": coordinator.username,
        "password": PASSWORD,
        "everybody": everybody.username,
        "site": site.code,
        "subjects": codes,
    }


if __name__ == "__main__":
    main()
