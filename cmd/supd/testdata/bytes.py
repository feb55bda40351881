"""A listener that counts bytes, as the manual has it: it writes each payload, escaped, as a line to the file it is given."""

import sys

with open(sys.argv[1], "a", encoding="ascii") as out:
    while True:
        sys.stdout.write("READY\n")
        sys.stdout.flush()
        header = sys.stdin.buffer.readline().decode("ascii")
        length = int(dict(token.split(":", 1) for token in header.split())["len"])
        out.write(ascii(sys.stdin.buffer.read(length)) + "\n")
        out.flush()
        sys.stdout.write("RESULT 2\nOK")
        sys.stdout.flush()
