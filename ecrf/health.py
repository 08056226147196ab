"""Two questions a supervisor asks: is the process alive, and can it serve?"""

import functools

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

MigrationKey = tuple[str, str]


@functools.cache
def migrations_of_this_code() -> frozenset[MigrationKey]:
    """Every migration the running code knows; read from disk once in the life of a process."""
    return frozenset(MigrationLoader(None).graph.nodes)


def missing_migrations() -> list[str]:
    """Names of migrations that the database has not seen, as `app.name`. Raises DatabaseError."""
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in migrations_of_this_code() if (app, name) not in applied)


@never_cache
@require_safe
def alive(request: HttpRequest) -> JsonResponse:
    """`GET /healthz`: 200 whenever the process answers; touches no database."""
    return JsonResponse({"status": "alive"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """`GET /readyz`: 200 when the database answers and has every migration, else 503 with the reason."""
    try:
        missing = missing_migrations()
    except DatabaseError:
        return JsonResponse({"status": "not ready", "reason": "the database does not answer"}, status=503)
    if missing:
        reason = f"migrations not applied: {len(missing)}"
        return JsonResponse({"status": "not ready", "reason": reason}, status=503)
    return JsonResponse({"status": "ready"})
