"""Restarts a program whose page is not well, as httpok does: httpprobe.py NAME URL."""

import os
import sys
import urllib.request

from supervisor import childutils

name, url = sys.argv[1:]
supervisor = childutils.getRPCInterface(os.environ).supervisor


def well():
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status == 200
    except OSError:
        return False


while True:
    childutils.listener.wait()
    if supervisor.getProcessInfo(name)["statename"] == "RUNNING" and not well():
        supervisor.stopProcess(name)
        supervisor.startProcess(name)
        sys.stderr.write("restarted %s\n" % name)
        sys.stderr.flush()
    childutils.listener.ok()
