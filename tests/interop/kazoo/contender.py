"""A process that stands in Turnstile's lines with kazoo: see tests/interop/contender.hpp for what it is told."""

import argparse
import os
import socket
import sys
import threading
import time
import traceback
import json

from kazoo.client import KazooClient
from kazoo.protocol.states import KazooState

import locks


def arguments():
    told = argparse.ArgumentParser()
    for name in ("name", "servers", "path", "key", "history", "resource", "stop", "stay", "go-on"):
        told.add_argument("--" + name, required=True)
    for name in ("session-timeout", "boot-offset", "callers"):
        told.add_argument("--" + name, type=int, required=True)
    # `as` is a word of Python's.
    told.add_argument("--as", dest="kind", choices=["mutex", "reader", "writer", "mixed"], required=True)
    told.add_argument("--names", choices=sorted(locks.FAMILIES), required=True)
    return told.parse_args()


class Journal:
    """Appends to the history that all languages share: one write an event, so that lines of killed processes are whole."""

    def __init__(self, path, process):
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._process = process

    def append(self, event, **fields):
        os.write(self._file, self.line(event, **fields))

    def line(self, event, **fields):
        stamps = {"t": time.monotonic_ns(), "boot": boot_time(), "type": event, "process": self._process}
        return json.dumps({**stamps, **fields}).encode() + b"\n"


def boot_time():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class Resource:
    """A line to what the locks protect (tests/chaos/resource.hpp): it compares tokens, and writes down what it accepts."""

    def __init__(self, path):
        self._peer = socket.socket(socket.AF_UNIX)
        self._peer.connect(path)

    def apply(self, effect):
        """Returns when it was accepted or refused: which of both is in the history."""
        self._peer.sendall(effect)
        if self._peer.recv(1) == b"":
            raise EOFError("the resource has gone")


class Session:
    """The ZooKeeper session that callers share. `lost` grows with each that ends: whoever held in it holds no more."""

    def __init__(self, told):
        self.lost = 0
        self.client = KazooClient(hosts=told.servers, timeout=told.session_timeout / 1000)
        self.client.add_listener(self._note)
        self.client.start()

    def _note(self, state):
        if state == KazooState.LOST:
            self.lost += 1

    @property
    def id(self):
        return self.client.client_id[0]


class Caller(threading.Thread):
    """Takes turns, writes under their tokens, and writes down what it does.

    Events are on the safe side of what they tell: `granted` behind the grant, `released` ahead of the release.
    """

    def __init__(self, told, session, journal, number):
        super().__init__()
        self._told = told
        self._session = session
        self._journal = journal
        self._resource = Resource(told.resource)
        self._name = f"{told.name}/{number}"
        self._calls = 0

    def run(self):
        try:
            while not os.path.exists(self._told.stop):
                self._section(self._kind_of_call())
        except BaseException:
            # The judge sees a call without an answer; the log of this process says why.
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)

    def _kind_of_call(self):
        """Of mixed callers in every language, one call in four is a writer's."""
        if self._told.kind != "mixed":
            return self._told.kind
        return "writer" if self._calls % 4 == 3 else "reader"

    def _section(self, kind):
        self._calls += 1
        op = f"{self._name}-{self._calls}"
        call = {"op": op, "key": self._told.key}
        self._journal.append("invoke", session=self._session.id, **call)
        lost_before = self._session.lost
        lock = locks.lock(self._told.names, kind, self._session.client, self._told.path, record(op))
        lock.acquire()
        token = self._token(lock)
        if token is None:
            self._journal.append("failed", detail="its node is gone", **call)
            lock.release()
            return
        held = {**call, "kind": kind, "token": token, "session": self._session.id}
        self._journal.append("granted", **held)
        self._write(held, lost_before)
        self._await_file(self._told.stay)
        self._write(held, lost_before)
        self._journal.append("released" if self._session.lost == lost_before else "lost", **held)
        lock.release()

    def _token(self, lock):
        """What fences this holding; none when its node is gone."""
        client = self._session.client
        stat = client.retry(client.exists, f"{lock.path}/{lock.node}")
        return None if stat is None else stat.czxid

    def _write(self, held, lost_before):
        """Who knows that it has lost writes all the same: it is the late one of which resources have to beware."""
        checked = boot_time()
        known = {"checked": checked} if self._session.lost == lost_before else {"zombie": True}
        self._resource.apply(self._journal.line("effect", **known, **held))

    def _await_file(self, path):
        while not os.path.exists(path):
            time.sleep(0.002)


def record(op):
    """What Turnstile's contenders write into their nodes, so that mutex::line() shows this one as well."""
    return f"turnstile 1\npid {os.getpid()}\nlabel kazoo\nfor {op}\n"


def main():
    told = arguments()
    session = Session(told)
    journal = Journal(told.history, told.name)
    callers = [Caller(told, session, journal, i) for i in range(told.callers)]
    for c in callers:
        c.start()
    for c in callers:
        c.join()
    session.client.stop()


if __name__ == "__main__":
    main()
