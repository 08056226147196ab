"""Pages of our own, each a thin face over one action."""
