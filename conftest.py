"""One command, both databases: see tests/both_databases.py."""

pytest_plugins = ["tests.both_databases"]
