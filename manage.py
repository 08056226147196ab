#!/usr/bin/env python
"""Django's command line.

`demo` runs under the demo settings; everything else under production settings unless told otherwise.
To run another command against the demo database: `python manage.py COMMAND --settings ecrf.settings.demo`.
"""

import os
import sys


def main() -> None:
    demo = sys.argv[1:2] == ["demo"]
    os.environ.setdefault(
        "DJANGO_SETTINGS_MODULE", "ecrf.settings.demo" if demo else "ecrf.settings.production"
    )
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
