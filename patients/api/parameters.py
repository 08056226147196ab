"""Query parameters of actions that are no list."""

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

TRUTH = {"true": True, "false": False}


def truth(request: Request, name: str) -> bool:
    """`true` or `false`, false when absent. Raises ValidationError for anything else."""
    sent = request.query_params.get(name, "false")
    if sent not in TRUTH:
        raise ValidationError({name: ["must be true or false"]})
    return TRUTH[sent]
