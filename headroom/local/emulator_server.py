"""AWS on this machine: moto's server, extended, on a loopback port, with a mark that tells it from any other."""

import argparse
import os
import signal
import threading
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

MARK_PATH = "/headroom/mark"
_Start = Callable[..., Any]


class Emulator:
    """The WSGI application: answers the mark at once; what is for AWS waits until moto is extended."""

    def __init__(self, mark: str) -> None:
        self._mark = mark.encode()
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._extended = threading.Event()
        self._one_at_a_time = threading.Lock()  # moto changes its state without locks

    def extend(self) -> None:
        """Import the services and extend them: over a second, so the server listens first."""
        from headroom.local import moto_extension

        moto_extension.install()
        self._extended.set()

    def __call__(self, environ: dict[str, Any], start_response: _Start) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        if environ.get("PATH_INFO") == MARK_PATH:
            start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(self._mark)))])
            return [self._mark]
        self._extended.wait()
        with self._one_at_a_time:
            answer: Iterable[bytes] = self._moto(environ, start_response)
        return answer


class _QuietHandler(MotoRequestHandler):
    def log_request(self, *_: Any) -> None:
        """A line for each call would bury what matters in the log."""


def main() -> None:
    """Listen on 127.0.0.1 (`--port 0`: any free port), print the port on one line, serve until ended."""
    parser = argparse.ArgumentParser(prog="python -m headroom.local.emulator_server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--mark", default="", help=f"what GET {MARK_PATH} answers")
    arguments = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))
    emulator = Emulator(arguments.mark)
    server = make_server("127.0.0.1", arguments.port, emulator, threaded=True, request_handler=_QuietHandler)
    threading.Thread(target=emulator.extend, name="extend-moto", daemon=True).start()
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
