"""A receiver of webhooks that follows a script, and keeps what came."""
import http.server
import json
import threading
import time


class Event:
    def __init__(self, path, headers, text):
        self.path = path
        self.headers = dict(headers.items())
        self.text = text
        self.at = time.monotonic()

    @property
    def id(self):
        return self.headers["webhook-id"]

    @property
    def body(self):
        return json.loads(self.text)

    @property
    def type(self):
        return self.body["type"]


class Receiver:
    """rule(event, n) gives (status, headers, body) for the n-th delivery of an id, from 1; None: 204."""

    def __init__(self, rule=lambda event, n: None):
        self.rule = rule
        self.events = []
        self.open = self.most_open = 0
        self._lock = threading.Lock()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def do_POST(self):
                receiver._take(self)

            do_GET = do_POST

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 1024

            def handle_error(self, request, client_address):
                pass  # a client that was killed, or did not wait

        self._server = Server(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}/"
        self.url = f"{self.base}hook"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def _take(self, handler):
        text = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        event = Event(handler.path, handler.headers, text)
        with self._lock:
            self.events.append(event)
            n = sum(e.headers.get("webhook-id") == event.headers.get("webhook-id")
                    for e in self.events)
            self.open += 1
            self.most_open = max(self.most_open, self.open)
        try:
            status, headers, body = self.rule(event, n) or (204, {}, b"")
        finally:
            with self._lock:
                self.open -= 1
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        if status != 204:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def of(self, type):
        with self._lock:
            return [e for e in self.events if e.type == type]

    @property
    def count(self):
        with self._lock:
            return len(self.events)

    def close(self):
        self._server.shutdown()
        self._server.server_close()
