"""A web server that is ill in its first life: page.py HOST PORT FILE, where FILE tells of a life before."""

import http.server
import os
import sys

host, port, mark = sys.argv[1:]
status = 200 if os.path.exists(mark) else 500
open(mark, "w").close()


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(status)
        self.end_headers()


http.server.HTTPServer((host, int(port)), Page).serve_forever()
