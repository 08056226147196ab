"""Tables straight from the models, while models are ahead of their migrations."""


class NoMigrations(dict[str, None]):
    """Says of every app that it has no migrations."""

    def __contains__(self, app: object) -> bool:
        return True

    def __getitem__(self, app: str) -> None:
        return None
