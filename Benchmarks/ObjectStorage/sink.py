"""A server that takes uploads and keeps nothing of them, so that only the client's own work is measured.

    sink.py

Prints its port. It speaks as much S3 as an upload needs: PUT, uploads in parts, HEAD; it checks nothing. The kernel throws the
bodies away before they are copied (MSG_TRUNC). Each PUT is a line of the log: key, bytes, x-amz-content-sha256.
"""

import http.server
import socket
import socketserver
import urllib.parse

BLOCK = 4 << 20


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    rbufsize = 0
    objects = {}
    parts = {}

    def setup(self):
        super().setup()
        self.buffer = bytearray(BLOCK)

    def drop_body(self):
        size = left = int(self.headers.get("Content-Length", 0))
        while left:
            taken = self.connection.recv_into(self.buffer, min(left, BLOCK), socket.MSG_TRUNC)
            if not taken:
                raise ConnectionError("the upload broke off")
            left -= taken
        return size

    def answer(self, status, body="", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body.encode())

    def do_PUT(self):
        size = self.drop_body()
        path, _, query = self.path.partition("?")
        signed = self.headers.get("x-amz-content-sha256", "")
        print(path, size, signed if "-" in signed else "SHA-256" if signed else "nothing", flush=True)
        if query:
            name = urllib.parse.parse_qs(query)
            self.parts.setdefault(path, {})[name["partNumber"][0]] = size
        else:
            self.objects[path] = size
        self.answer(200, ETag='"sink"')

    def do_POST(self):
        self.drop_body()
        path, _, query = self.path.partition("?")
        if query.startswith("uploads"):
            self.parts[path] = {}
            self.answer(200, "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>")
            return
        self.objects[path] = sum(self.parts.pop(path).values())
        self.answer(200, "<CompleteMultipartUploadResult><ETag>\"sink\"</ETag></CompleteMultipartUploadResult>")

    def do_HEAD(self):
        size = self.objects.get(self.path)
        if size is None:
            self.answer(404, "<Error><Code>NoSuchKey</Code><Message>nothing</Message></Error>")
        else:
            self.answer(200, ETag='"sink"', Content_Length=str(size))

    def do_GET(self):
        # Whoever was told by HEAD that there is nothing asks why.
        self.answer(404, "<Error><Code>NoSuchKey</Code><Message>nothing</Message></Error>")

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 512


if __name__ == "__main__":
    with Server(("127.0.0.1", 0), Handler) as server:
        print(server.server_port, flush=True)
        server.serve_forever()
