"""kazoo's side of the benchmarks. bench/library.hpp starts it, and says what it is asked and what it answers."""

import socket
import sys
import time
import traceback

from kazoo.client import KazooClient

import turns
from crowd import Crowd
from race import Race


def microseconds(nanoseconds):
    return nanoseconds / 1e3


class Peer:
    def __init__(self, connect):
        self._connect = connect
        self._alone = connect()
        self._race = None
        self._crowd = None

    def carry_out(self, words):
        """Lines of the answer."""
        verb, *told = words
        verbs = {"pairs": self._time_pairs, "loop": self._count_pairs, "race": self._begin, "count": self._count,
                 "finish": self._finish, "hold": self._hold, "wait": self._wait}
        return verbs[verb](*told)

    def _time_pairs(self, what, directory, number):
        take, give_back = turns.of(what, self._connect, self._alone, directory)
        acquires, pairs = [], []
        for _ in range(int(number)):
            asked = time.monotonic_ns()
            take()
            granted = time.monotonic_ns()
            give_back()
            released = time.monotonic_ns()
            acquires.append(microseconds(granted - asked))
            pairs.append(microseconds(released - asked))
        return [line("acquire", acquires), line("pair", pairs)]

    def _count_pairs(self, what, directory, milliseconds):
        take, give_back = turns.of(what, self._connect, self._alone, directory)
        begun = time.monotonic_ns()
        until = begun + int(milliseconds) * 1_000_000
        pairs = 0
        while time.monotonic_ns() < until:
            take()
            give_back()
            pairs += 1
        return [line("seconds", [(time.monotonic_ns() - begun) / 1e9]), line("pairs", [pairs])]

    def _begin(self, what, directory, contenders):
        self._race = Race(what, self._connect, directory, int(contenders))
        return []

    def _count(self):
        return [line("grants", [self._race.grants()]), line("given-up", [0])]

    def _finish(self):
        self._race.finish()
        return [line("hand-over", map(microseconds, self._race.hand_overs))]

    def _hold(self, directory, lines):
        self._crowd = Crowd(self._connect, directory, int(lines))
        return []

    def _wait(self, _directory, _lines, waiters):
        self._crowd.join(int(waiters))
        return []


def line(name, values):
    return " ".join([name, *map(str, values)])


def answer(peer, words):
    try:
        return [*peer.carry_out(words), "done"]
    except Exception as failed:  # whoever asks is told, and the log has the rest
        traceback.print_exc()
        return [f"failed {failed!r}"]


def main():
    port, servers, session_timeout = sys.argv[1:]

    def connect():
        client = KazooClient(hosts=servers, timeout=int(session_timeout) / 1000)
        client.start()
        return client

    with socket.create_connection(("127.0.0.1", int(port))) as driver:
        driver.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer = Peer(connect)
        for request in driver.makefile():
            driver.sendall(("\n".join(answer(peer, request.split())) + "\n").encode())


if __name__ == "__main__":
    main()
