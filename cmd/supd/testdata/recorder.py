"""A listener that writes every event it gets as a line of JSON to the file it is given, and acknowledges it."""

import json
import os
import sys

from supervisor import childutils


def main():
    with open(sys.argv[1], "a", encoding="utf-8") as out:
        def note(**what):
            out.write(json.dumps(what) + "\n")
            out.flush()

        note(start=os.getpid())
        while True:
            headers, payload = childutils.listener.wait()
            note(headers=headers, payload=payload)
            childutils.listener.ok()


main()
