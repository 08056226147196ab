"""Why no backup was made, or none restored."""


class BackupError(Exception):
    """Its text is for people and holds no patient data and no password."""
