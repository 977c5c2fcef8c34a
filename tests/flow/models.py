"""A model server that follows a script. For thousands of calls: build/model_stub (fleet.Stub)."""
import collections
import http.server
import json
import math
import socket
import threading
import time

CUT = object()  # the connection is closed in place of a reply


def scored(answer, confidence, **more):
    """What the dialect `scorer` reads."""
    return 200, {"Content-Type": "application/json"}, json.dumps(
        {"answer": answer, "confidence": confidence, **more})


def chat(content, probability=0.99, other="none"):
    """What the dialect `openai_chat` reads, with logprobs."""
    top = [{"token": content, "logprob": math.log(probability), "bytes": None},
           {"token": other, "logprob": math.log(1 - probability), "bytes": None}]
    return 200, {"Content-Type": "application/json"}, json.dumps({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1750000000, "model": "scripted",
        "choices": [{"index": 0, "finish_reason": "stop",
                     "message": {"role": "assistant", "content": content},
                     "logprobs": {"content": [{**top[0], "top_logprobs": top}]}}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 1, "total_tokens": 101}})


def page(text="<html><body>Welcome</body></html>", status=200):
    return status, {"Content-Type": "text/html"}, text


def busy(seconds):
    return 429, {"Content-Type": "application/json", "Retry-After": str(seconds)}, \
        '{"error":{"message":"slow down","type":"rate_limit"}}'


class Request:
    def __init__(self, path, headers, text, number):
        self.path = path
        self.headers = headers
        self.text = text
        self.key = headers.get("Idempotency-Key")
        self.number = number  # of this key's requests, from 1
        self.at = time.monotonic()

    @property
    def body(self):
        return json.loads(self.text)


class Model:
    """Answers each request with what rule(request) gives. While it is held, no reply goes out."""

    def __init__(self, rule, port=0):
        self.rule = rule
        self.requests = []
        self.keys = collections.Counter()
        self._lock = threading.Lock()
        self._free = threading.Event()
        self._free.set()
        model = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1  # head and body in one packet

            def do_POST(self):
                model._serve(self)

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 1024

            def handle_error(self, request, client_address):
                pass  # a client that was killed

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/score"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def _serve(self, handler):
        text = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        with self._lock:
            key = handler.headers.get("Idempotency-Key")
            self.keys[key] += 1
            request = Request(handler.path, handler.headers, text, self.keys[key])
            self.requests.append(request)
        reply = self.rule(request)
        self._free.wait()
        if reply is CUT:
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        status, headers, body = reply
        body = body.encode() if isinstance(body, str) else body
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    @property
    def calls(self):
        with self._lock:
            return len(self.requests)

    @property
    def repeats(self):
        """Calls for a (job, hop) that had been called before."""
        with self._lock:
            return sum(self.keys.values()) - len(self.keys)

    def hold(self):
        self._free.clear()

    def release(self):
        self._free.set()

    def close(self):
        self.release()
        self._server.shutdown()
        self._server.server_close()
