# What supervisord's own classes do, for the tests to compare with. A JSON object comes on standard input, one goes out.
import json
import sys
from types import SimpleNamespace as Stub

from supervisor import dispatchers, events, process, states

LATIN = "latin-1"  # carries any bytes through JSON


def stub(name="web_1", group="site", pid=42, tries=0):
    return Stub(config=Stub(name=name, stdout_logfile=None, options=None),
                group=Stub(config=Stub(name=group, result_handler=None)), pid=pid, backoff=tries)


def listen(pieces):
    """Feed a listener's output; as soon as it is READY it gets an event."""
    log, out = [], []
    p = stub("l")
    logger = Stub(debug=lambda text: log.append(["DEBG", text]), warn=lambda text: log.append(["WARN", text]))
    p.config.options = Stub(logger=logger, strip_ansi=False)
    p.group.config.result_handler = dispatchers.default_handler
    rejected = []
    events.callbacks[:] = [(events.EventRejectedEvent, lambda e: rejected.append(e.event))]
    d = dispatchers.PEventListenerDispatcher(p, "stdout", 1)
    serial = 0
    for piece in pieces:
        before, seen = p.listener_state, len(log)
        d.state_buffer += piece.encode(LATIN)
        d.handle_listener_state_change()
        for _, text in log[seen:]:
            if text == "l: ACKNOWLEDGED -> READY":
                out.append("ready")
            elif text == "l: event was processed":
                out.append("done %d" % (serial - 1))
            elif text == "l: event was rejected":
                out.append("rejected %d" % rejected.pop())
            elif text.endswith("-> UNKNOWN"):
                out.append("broken")
        if p.listener_state == states.EventListenerStates.READY:
            p.listener_state, p.event = states.EventListenerStates.BUSY, serial
            serial += 1
    return [out, log]


def payload(kind, a):
    cls = getattr(events.EventTypes, kind)
    if issubclass(cls, events.ProcessStateEvent):
        frm = getattr(states.ProcessStates, a["from"])
        return cls(stub(pid=a["pid"], tries=a["tries"]), frm, a["expected"])
    if issubclass(cls, (events.ProcessLogEvent, events.ProcessCommunicationEvent)):
        return cls(stub(), 42, a["data"].encode(LATIN))
    if issubclass(cls, events.RemoteCommunicationEvent):
        return cls("t", a["data"].encode(LATIN).decode("utf-8"))
    if issubclass(cls, events.TickEvent):
        return cls(a["when"], None)
    if issubclass(cls, events.ProcessGroupEvent):
        return cls("site")
    return cls()


def envelope(kind, a):
    pool = Stub(config=Stub(name="p", options=Stub(identifier="sv")))
    event = payload(kind, a)
    text = process.EventListenerPool._eventEnvelope(pool, type(event), 7, 3, event.payload())
    return text.encode("utf-8").decode(LATIN)


names = [n for n in vars(events.EventTypes) if n.isupper()]
asked = json.load(sys.stdin)
json.dump({
    "below": {n: [m for m in names if issubclass(getattr(events.EventTypes, m), getattr(events.EventTypes, n))] for n in names},
    "listeners": [listen(pieces) for pieces in asked["listeners"]],
    "envelopes": [envelope(kind, a) for kind, a in asked["events"]],
}, sys.stdout)
