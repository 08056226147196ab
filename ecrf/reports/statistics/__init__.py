"""Statistics of the reports: plain numbers in, plain numbers out; no Django, no study, no clock.

SciPy answers where it can. Code of our own stands only where SciPy has no answer, and says so there.
Numbers are floats here: an estimate has no exact decimal value, and no threshold of the protocol is
decided by one.
"""
