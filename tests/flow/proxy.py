"""A TCP proxy before a server, which can hold back what the server says and reset connections."""
import contextlib
import socket
import struct
import threading


class _Link:
    def __init__(self, client, server, free):
        self.client, self.server, self._free = client, server, free
        self.held = False
        client.settimeout(0.05)  # so that a close from another thread soon has its effect
        self._up = threading.Thread(target=self._to_server, daemon=True)
        self._up.start()
        threading.Thread(target=self._to_client, daemon=True).start()

    def _to_server(self):
        with contextlib.suppress(OSError):
            while True:
                try:
                    data = self.client.recv(65536)
                except TimeoutError:
                    continue
                if not data:
                    break
                self.server.sendall(data)
        self.server.close()

    def _to_client(self):
        with contextlib.suppress(OSError):
            while data := self.server.recv(65536):
                self.held = not self._free.is_set()
                self._free.wait()
                self.client.sendall(data)
        self.client.close()

    def reset(self, last_words):
        with contextlib.suppress(OSError):
            self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.client.sendall(last_words)
            self.client.close()
        self._up.join()


class Proxy:
    def __init__(self, host, port):
        self._target = host, int(port)
        self._free = threading.Event()
        self._free.set()
        self._links = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._links.append(_Link(client, socket.create_connection(self._target),
                                         self._free))

    def hold(self):
        """From now on nothing that the server says goes out."""
        self._free.clear()

    def let_go(self):
        self._free.set()

    @property
    def holds(self):
        return any(link.held for link in self._links)

    def reset(self, last_words):
        """Says last_words to every client and resets its connection; new ones go through."""
        for link in self._links:
            link.reset(last_words)
        self._free.set()

    def close(self):
        self._listener.close()
        self._free.set()
