"""What the commands that load dictionaries say when they are done."""

from trials.actions.dictionary import DictionaryReport


def in_words(report: DictionaryReport) -> str:
    """For example `CTCAE 5.0: 837 terms new, 0 changed, 0 unchanged`."""
    return (
        f"{report.dictionary}: {report.created} terms new, {report.changed} changed, "
        f"{report.unchanged} unchanged"
    )
