"""Stands in for the emulator: prints its port, answers with its mark, can be told to misbehave."""

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

mark = sys.argv[sys.argv.index("--mark") + 1]
behaviour = os.environ.get("TINY_SERVER", "")
if behaviour == "fails":
    sys.exit("Address family not supported")
if behaviour == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"another" if behaviour == "another" else mark.encode())

    def log_message(self, *_: object) -> None:
        pass


server = HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
