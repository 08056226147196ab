"""Addresses of an installation with views that fail while they hold what nobody may see."""

from django.db import DatabaseError, IntegrityError, connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ecrf.urls import handler500 as handler500
from ecrf.urls import urlpatterns as served
from patients.models import MedicalHistory, Subject


def of_locals(request: HttpRequest) -> HttpResponse:
    """Fails with an exception that quotes a patient, beside locals that hold a password."""
    password = request.GET["password"]
    narrative = request.GET["narrative"]
    raise RuntimeError(f"cannot handle {narrative} with {password}")


def of_database(request: HttpRequest) -> HttpResponse:
    """Fails with an exception in which the database quotes the row that it refused."""
    subject = Subject.objects.order_by("code")[0]
    raise IntegrityError(f"DETAIL: Failing row contains ({subject.code}, {request.GET['narrative']}).")


def of_template(request: HttpRequest) -> HttpResponse:
    from django.template import engines

    template = engines["django"].from_string("{% for each in records %}{% include each %}{% endfor %}")
    return HttpResponse(template.render({"records": [request.GET["narrative"]]}, request))


class OfRest(APIView):
    authentication_classes = ()
    permission_classes = ()

    def get(self, request: Request) -> Response:
        narrative = request.query_params["narrative"]
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT * FROM no_such_table WHERE told = %s", [narrative])
        except DatabaseError as error:
            raise ValueError(MedicalHistory(term=narrative).term) from error
        return Response()


urlpatterns = [
    path("crash/locals/", of_locals),
    path("crash/database/", of_database),
    path("crash/template/", of_template),
    path("api/crash/", OfRest.as_view()),
    *served,
]
