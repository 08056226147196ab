from tests.ecrf.api.world import world

__all__ = ["world"]
