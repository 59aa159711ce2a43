"""serve.py N - an HTTP server with a thread for every client, and N requests
by a process of its own that is not traced; prints what the clients got."""
import http.server
import json
import os
import subprocess
import sys

CLIENT = """
import concurrent.futures, http.client, sys
def ask(part):
    connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
    total = 0
    for i in range(part, int(sys.argv[2]), 8):
        connection.request("GET", f"/{i}")
        total += len(connection.getresponse().read())
    connection.close()
    return total
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    print("bytes", sum(pool.map(ask, range(8))))
"""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        n = int(self.path[1:]) % 29
        body = json.dumps([{"id": i, "of": "x" * i} for i in range(n)])
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
environment = {k: v for k, v in os.environ.items()
               if k not in ("LD_PRELOAD", "TMTOP_SEGMENT", "TMTOP_VERIFY")}
client = subprocess.Popen([sys.executable, "-c", CLIENT,
                           str(server.server_port), sys.argv[1]],
                          env=environment)
server.timeout = 0.1
while client.poll() is None:
    server.handle_request()
server.server_close()
sys.exit(client.returncode)
