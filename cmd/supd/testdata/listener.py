"""Listeners of all characters, built on childutils as it is: listener.py CHARACTER FILE [ARGUMENT].

Each writes what it does as lines to FILE: "got SERIAL DATA" for an event, then the word of its answer and SERIAL.
"""

import os
import random
import sys
import time

from supervisor import childutils

character, path, argument = (sys.argv + [""])[1:4]
diary = open(path, "a", encoding="utf-8")


def note(*words):
    diary.write(" ".join(words) + "\n")
    diary.flush()


def take():
    headers, payload = childutils.listener.wait()
    data = payload.split("\n", 1)[-1]
    note("got", headers["serial"], data[:100])
    return headers["serial"]


def ok(serial):
    note("ok", serial)
    childutils.listener.ok()


def fail(serial):
    note("fail", serial)
    childutils.listener.fail()


def obedient():
    while True:
        ok(take())


def moody():
    dice = random.Random(argument)
    while True:
        dice.choice([ok, fail])(take())


def mortal():
    for _ in range(2):
        ok(take())
    note("dies", take())
    sys.exit(1)


def slow():
    serial = take()
    while not os.path.exists(argument):
        time.sleep(0.05)
    ok(serial)
    obedient()


def rude():
    if not os.path.exists(argument):
        open(argument, "w").close()
        sys.stdout.write("Hello!\n")
        sys.stdout.flush()
        note("said rubbish")
    obedient()


def deaf():
    childutils.listener.ready()
    note("ready")
    while True:
        time.sleep(3600)


globals()[character]()
