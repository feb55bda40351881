"""Restarts programs that have grown too large, as memmon does: memwatch.py NAME MEGABYTES."""

import os
import sys

from supervisor import childutils

name, limit = sys.argv[1], int(sys.argv[2]) << 20
supervisor = childutils.getRPCInterface(os.environ).supervisor


def size(pid):
    with open("/proc/%d/statm" % pid) as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE")


while True:
    headers, _ = childutils.listener.wait()
    assert headers["eventname"] == "TICK_5", headers
    for info in supervisor.getAllProcessInfo():
        if info["name"] == name and info["pid"] and size(info["pid"]) > limit:
            supervisor.stopProcess(name)
            supervisor.startProcess(name)
            sys.stderr.write("restarted %s\n" % name)
            sys.stderr.flush()
    childutils.listener.ok()
