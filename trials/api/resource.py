"""What every REST resource does alike: rights, query parameters, sparse fields, ETag, stale replies."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from rest_framework.exceptions import APIException, MethodNotAllowed, NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from trials.actions.errors import Stale
from trials.api.preconditions import etag
from trials.models import User
from trials.roles import NotPermitted, Verb, may

Shown = list[dict[str, Any]]  # a resource has a method `list`, which hides the builtin in its body
ADDRESSES_OF_LISTS = ("cursor", "page_size", "ordering", "fields")


class Ambiguous(APIException):
    """The code addresses more than one record that the user may see."""

    status_code = 409


class Resource(GenericViewSet):
    """A resource that the user may use when `verb` is granted anywhere; rows are scoped by get_queryset.

    `orderings` maps the words allowed in `ordering` to lookups; `parameters` names the query parameters of
    an action beside those of lists and filters; `tagged` are the actions that answer with an ETag,
    `versioned` those that need If-Match, `outdated` those that name versions in the body, `creating` those
    that honor an Idempotency-Key. The OpenAPI document says the same.
    """

    verb: ClassVar[Verb] = Verb.READ
    orderings: ClassVar[Mapping[str, str]] = {"id": "id"}
    ordering: ClassVar[str] = "id"
    parameters: ClassVar[Mapping[str, Sequence[str]]] = {}
    versioned: ClassVar[Sequence[str]] = ()
    outdated: ClassVar[Sequence[str]] = ()
    creating: ClassVar[Sequence[str]] = ()
    tagged: ClassVar[Sequence[str]] = ()
    counted: ClassVar[bool] = False

    @property
    def user(self) -> User:
        return cast(User, self.request.user)  # initial() has let nobody else in

    def initial(self, request: Request, *arguments: Any, **options: Any) -> None:
        super().initial(request, *arguments, **options)
        if not may(self.user, self.verb):
            raise NotPermitted(self.verb)
        refuse_unknown_parameters(request, self.known_parameters())

    def known_parameters(self) -> set[str]:
        """Query parameters of the action that is asked for."""
        known = set(self.parameters.get(self.action or "", ()))
        if self.action == "list":
            known |= {*ADDRESSES_OF_LISTS, *self.names_of_filters()}
        if self.action == "retrieve":
            known.add("fields")
        return known

    def names_of_filters(self) -> set[str]:
        filters = getattr(self, "filterset_class", None)
        return set(filters.base_filters) if filters else set()

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response([self.sparse(each) for each in self.represent(page or [])])

    def retrieve(self, request: Request, **address: Any) -> HttpResponseBase:
        return self.reply(self.get_object())

    def represent(self, records: Sequence[Any]) -> Shown:
        """The records as they are shown, in a number of queries that does not grow with them."""
        return list(self.get_serializer(records, many=True).data)

    def reply(self, record: Any, status: int = 200) -> Response:
        """One record with its version as ETag."""
        response = Response(self.sparse(self.represent([record])[0]), status=status)
        if (version := getattr(record, "version", None)) is not None:
            response["ETag"] = etag(version)
        return response

    def created(self, key: int) -> Response:
        """The reply to a creation: the record as a GET would show it, and where."""
        record = one_of(self.get_queryset().filter(pk=key))
        response = self.reply(record, status=201)
        response["Location"] = self.address_of(record)
        return response

    def address_of(self, record: Any) -> str:
        collection = self.request.path
        return f"{collection}{getattr(record, self.lookup_field)}/"

    def sparse(self, shown: dict[str, Any]) -> dict[str, Any]:
        """Only the members that `fields` names, all of them without it. Raises ValidationError."""
        wanted = self.request.query_params.get("fields") if self.request.method == "GET" else None
        if wanted is None:
            return shown
        names = [name.strip() for name in wanted.split(",") if name.strip()]
        if unknown := [name for name in names if name not in shown]:
            raise ValidationError({"fields": [f"{name} is not a field of this resource" for name in unknown]})
        return {name: shown[name] for name in names}

    def get_object(self) -> Any:
        """The one record addressed. Raises NotFound in the same words for a missing and a foreign one."""
        address = self.kwargs[self.lookup_field]
        if not address.isprintable():
            raise NotFound()  # PostgreSQL cannot even be asked for a text with NUL
        try:
            found = self.get_queryset().filter(**{self.lookup_field: address})
        except ValueError:
            raise NotFound() from None  # a key that is no number
        study = self.request.query_params.get("study")
        return one_of(found.filter(study__code=study) if study else found)

    def http_method_not_allowed(self, request: Any, *arguments: Any, **options: Any) -> Response:
        raise MethodNotAllowed(
            request.method or "",
            "Nothing is deleted here: POST a reason to void/ to mark a record as entered in error."
            if request.method == "DELETE"
            else f"{request.method} is not allowed here.",
        )

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, Stale) and self.lookup_field in self.kwargs:
            # The client sees what it would have overwritten.
            exc.shown = self.represent([self.get_object()])[0]  # type: ignore[attr-defined]
        return super().handle_exception(exc)


def refuse_unknown_parameters(request: Request, known: Collection[str] = ()) -> None:
    """A misspelled filter must not answer with everything. Raises ValidationError naming each one."""
    errors: dict[str, list[str]] = {}
    for name, values in request.query_params.lists():
        if name not in known:
            errors[name] = ["is not a parameter of this resource"]
        elif len(values) > 1:
            errors[name] = ["stands more than once"]
        elif not values[0].isprintable():
            errors[name] = ["contains a control character"]
    if errors:
        raise ValidationError(errors)


def one_of(found: QuerySet[Any]) -> Any:
    """The only row of a query set. Raises NotFound for none, Ambiguous when a code is not enough."""
    rows = list(found[:2])
    if not rows:
        raise NotFound()
    if len(rows) > 1:
        raise Ambiguous("The code exists in more than one study: name the study with ?study=CODE.")
    return rows[0]
