"""Serve the demonstration on this machine: gunicorn where it is installed, else Django's simple server."""

import socket
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.db import connections

LOOPBACK = "127.0.0.1"
THREADS = 8


class PortBusy(Exception):
    """Another program listens on the port."""


def refuse_busy_port(port: int) -> None:
    """Raises PortBusy, before anything is announced, when the port cannot be had."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise PortBusy(
                f"Port {port} on {LOOPBACK} cannot be used ({error.strerror}). Choose another: --port N"
            ) from error


def serve(port: int) -> None:
    """Serve until interrupted, on the loopback address only."""
    connections.close_all()
    try:
        from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
    except ImportError:
        _serve_simply(port)
    else:
        _serve_with(BaseApplication, port)


def _serve_with(base: Any, port: int) -> None:
    class Demonstration(base):
        def load_config(self) -> None:
            # One process: the demonstration's throttles and locks count in its memory.
            settings = {"bind": f"{LOOPBACK}:{port}", "workers": 1, "threads": THREADS, "loglevel": "warning"}
            for name, value in settings.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            return get_wsgi_application()

    Demonstration().run()


def _serve_simply(port: int) -> None:
    from django.core.servers.basehttp import run

    run(LOOPBACK, port, get_wsgi_application(), threading=True)
