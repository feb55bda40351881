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


def config(path):
    """What supervisord makes of a whole file: its own section, groups and processes."""
    o = options.ServerOptions()
    o.configfile = path
    o.process_config(do_usage=False)
    s = o.configroot.supervisord
    return {
        "minfds": s.minfds, "identifier": s.identifier, "nodaemon": bool(s.nodaemon), "umask": s.umask,
        "maxbytes": s.logfile_maxbytes, "environment": s.environment,
        "groups": [group(g) for g in o.process_group_configs],
        "servers": [server(c) for c in s.server_configs],
    }


def server(c):
    return {"section": c["section"], "path": c.get("file", ""), "host": c.get("host", ""), "port": c.get("port", 0),
            "mode": c.get("chmod", 0), "username": c["username"] or "", "password": c["password"] or ""}


def group(g):
    return {"name": g.name, "priority": g.priority, "programs": [program(p) for p in g.process_configs],
            "events": sorted(options_name(e) for e in getattr(g, "pool_events", [])),
            "buffer": getattr(g, "buffer_size", 0),
            "socket": str(getattr(g, "socket_config", ""))}


def options_name(event):
    from supervisor import events
    return events.getEventNameByType(event)


def log(v):
    return {None: "none", datatypes.Automatic: "auto"}.get(v, v)


def program(p):
    out = {k: getattr(p, k) for k in (
        "name", "command", "directory", "umask", "priority", "autostart", "startsecs", "startretries", "uid",
        "stdout_capture_maxbytes", "stdout_events_enabled", "stdout_logfile_backups", "stdout_logfile_maxbytes", "stdout_syslog",
        "stderr_capture_maxbytes", "stderr_events_enabled", "stderr_logfile_backups", "stderr_logfile_maxbytes", "stderr_syslog",
        "stopsignal", "stopwaitsecs", "stopasgroup", "killasgroup", "exitcodes", "redirect_stderr", "environment", "serverurl")}
    out["autorestart"] = {datatypes.RestartWhenExitUnexpected: 0, False: 1, datatypes.RestartUnconditionally: 2}[p.autorestart]
    out["stdout_logfile"], out["stderr_logfile"] = log(p.stdout_logfile), log(p.stderr_logfile)
    out["stopsignal"] = int(p.stopsignal)
    return out


FUNCTIONS = {
    "config": config,
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
