"""Terms of the dictionaries that are loaded, looked up by version, text or code."""

from django.db.models import Case, IntegerField, QuerySet, Value, When

from trials.models.dictionary import DictionaryName, DictionaryTerm, TermLevel, folded

MAX_FOUND = 50
MAX_TEXT = 250


def ctcae_terms(version: str) -> QuerySet[DictionaryTerm]:
    """The terms of a version of CTCAE."""
    return _terms(DictionaryName.CTCAE, version, TermLevel.TERM)


def meddra_terms(version: str) -> QuerySet[DictionaryTerm]:
    """The lowest level terms of a version of MedDRA, each with its preferred term."""
    return _terms(DictionaryName.MEDDRA, version, TermLevel.LOWEST_LEVEL_TERM).select_related("parent")


def term_of(version: str, text: str) -> DictionaryTerm | None:
    """The CTCAE term of this text, in any case; None where the version has none or is not loaded."""
    return ctcae_terms(version).filter(folded=folded(text)).first()


def search(version: str, text: str, limit: int = 20) -> list[DictionaryTerm]:
    """CTCAE terms that contain a text, those that begin with it first: for an autocomplete."""
    wanted = folded(text[:MAX_TEXT])
    if not wanted:
        return []
    begins = Case(
        When(folded__startswith=wanted, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    found = ctcae_terms(version).filter(folded__contains=wanted).order_by(begins, "folded")
    return list(found[: max(0, min(limit, MAX_FOUND))])


def lowest_level_term(version: str, code: int | str) -> DictionaryTerm | None:
    """The lowest level term of this code with its preferred term; None where it is not loaded."""
    return meddra_terms(version).filter(code=str(code)).first()


def meddra_version() -> str | None:
    """The newest version of MedDRA that is loaded; None where none is."""
    loaded = DictionaryTerm.objects.filter(dictionary__name=DictionaryName.MEDDRA)
    versions = set(loaded.order_by().values_list("dictionary__version", flat=True).distinct())
    return max(versions, key=_number, default=None)


def grades_of(term: DictionaryTerm) -> tuple[int, ...]:
    """The grades that exist for a CTCAE term.

    A laboratory value may reach a grade only where it exists: Anemia has 1 to 5, Lymphopenia of v6.0 has 1.
    """
    return term.grade_numbers


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))


def _terms(name: DictionaryName, version: str, level: TermLevel) -> QuerySet[DictionaryTerm]:
    return DictionaryTerm.objects.filter(dictionary__name=name, dictionary__version=version, level=level)
