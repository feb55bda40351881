#!/usr/bin/python3
"""Answers questions about supervisord's own parsing, for the tests.

Reads lines of JSON [function, input, ...] and writes one line of JSON for each: {"ok": value} or {"err": text}.
"""
import json
import shlex
import signal
import sys

from supervisor import datatypes, options


def posix_pairs(text):
    """The environment= of versions after 4.2.5: the same strides over POSIX tokens."""
    lexer = shlex.shlex(text, posix=True)
    lexer.wordchars += "/.+-():"
    tokens = list(lexer)
    out = {}
    for i in range(0, len(tokens), 4):
        if len(tokens[i:i + 3]) != 3 or tokens[i + 1] != "=":
            raise ValueError("malformed")
        out[tokens[i]] = tokens[i + 2]
    return out


def restart(text):
    v = datatypes.auto_restart(text)
    return {datatypes.RestartWhenExitUnexpected: "unexpected", datatypes.RestartUnconditionally: "always"}.get(v, "never")


def inet(text):
    return list(datatypes.inet_address(text))


def signal_number(text):
    return int(datatypes.signal_number(text))


FUNCTIONS = {
    "boolean": datatypes.boolean,
    "integer": datatypes.integer,
    "bytes": datatypes.byte_size,
    "octal": datatypes.octal_type,
    "exitcodes": datatypes.list_of_exitcodes,
    "signal": signal_number,
    "autorestart": restart,
    "inet": inet,
    "name": datatypes.process_or_group_name,
    "split": shlex.split,
    "old pairs": datatypes.dict_of_key_value_pairs,
    "pairs": posix_pairs,
    "expand": lambda text, names: options.expand(text, names, "x.y"),
}

for line in sys.stdin:
    question = json.loads(line)
    try:
        answer = {"ok": FUNCTIONS[question[0]](*question[1:])}
    except Exception as e:  # whatever it is, the value is refused
        answer = {"err": str(e)}
    print(json.dumps(answer))
