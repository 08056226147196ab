"""Review of the audit trail: what was recorded where, by whom, when and why, found again by filters."""
