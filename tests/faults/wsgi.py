"""The application with all imported that a first request would import: a new worker serves at once."""

from django.urls import get_resolver

from ecrf.wsgi import application

get_resolver()._populate()

__all__ = ["application"]
