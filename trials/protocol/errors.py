"""What is wrong with protocol files, line by line."""

from trials.faults import FaultyFile


class ProtocolError(FaultyFile):
    """Every fault that was found. `lines` read "laboratory.yaml: tests[3] (NEUT): unit: is required"."""
