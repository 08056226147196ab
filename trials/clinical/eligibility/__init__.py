"""Eligibility criteria as data: what a rule may ask about, how it compares, what follows from the answer."""
