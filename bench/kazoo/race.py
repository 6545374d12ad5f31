"""Contenders who come again and again until it is finished; who asks for the count twice knows the rate."""

import itertools
import threading
import time

PERMITS = 3
MANY_KEYS = 1000


class Race:
    """`what`: mutex, deep, many-keys, permits. Each contender is a thread with a session of its own; all of "deep" share one, and so
    do all of "many-keys", who go round keys of their own."""

    def __init__(self, what, connect, directory, contenders):
        self.hand_overs = []  # of a mutex's race, in nanoseconds, one for each grant but the first
        self._capacity = {"permits": PERMITS, "many-keys": contenders}.get(what, 1)
        self._inside = 0
        self._released = None
        self._grants = 0
        self._finished = False
        self._failed = None
        self._counting = threading.Lock()
        self._clients = [connect() for _ in range(1 if what in ("deep", "many-keys") else contenders)]
        rounds = [self._round(what, self._clients[i % len(self._clients)], directory, i, contenders) for i in range(contenders)]
        self._threads = [threading.Thread(target=self._contend, args=[locks]) for locks in rounds]
        for t in self._threads:
            t.start()

    def grants(self):
        self._check()
        return self._grants

    def finish(self):
        self._finished = True
        for t in self._threads:
            t.join()
        for client in self._clients:
            client.stop()
            client.close()
        self._check()

    @staticmethod
    def _round(what, client, directory, number, contenders):
        """What a contender takes, one after the other."""
        if what == "many-keys":
            return [client.Lock(f"{directory}/{key}") for key in range(number, MANY_KEYS, contenders)]
        return [client.Semaphore(directory, max_leases=PERMITS) if what == "permits" else client.Lock(directory)]

    def _contend(self, locks):
        try:
            for lock in itertools.cycle(locks):
                if self._finished:
                    return
                lock.acquire()
                self._visit()
                lock.release()
        except Exception as e:
            self._failed = e

    def _visit(self):
        """Who holds is inside; that more are than may be is noticed."""
        now = time.monotonic_ns()
        with self._counting:
            self._inside += 1
            if self._inside > self._capacity:
                self._failed = RuntimeError("more held at once than may")
            if self._capacity == 1 and self._released is not None:
                self.hand_overs.append(now - self._released)
            self._grants += 1
            lets_others_run = self._grants % 16 == 0
        if lets_others_run:  # or two would hardly ever be seen inside: the interpreter runs one thread at a time
            time.sleep(0)
        with self._counting:
            self._inside -= 1
        self._released = time.monotonic_ns()

    def _check(self):
        if self._failed is not None:
            raise self._failed
