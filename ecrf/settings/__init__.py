"""Settings: `production` is the default everywhere, `demo` for `manage.py demo`, `test` for pytest."""
