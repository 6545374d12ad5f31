"""Contenders who come again and again until it is finished; who asks for the count twice knows the rate."""

import threading
import time

PERMITS = 3


class Race:
    """`what`: mutex, deep, permits. Each contender is a thread with a session of its own; all of "deep" share one."""

    def __init__(self, what, connect, directory, contenders):
        self.hand_overs = []  # of a mutex's race, in nanoseconds, one for each grant but the first
        self._capacity = PERMITS if what == "permits" else 1
        self._inside = 0
        self._released = None
        self._grants = 0
        self._finished = False
        self._failed = None
        self._counting = threading.Lock()
        self._clients = [connect() for _ in range(1 if what == "deep" else contenders)]
        locks = [self._lock(what, self._clients[i % len(self._clients)], directory) for i in range(contenders)]
        self._threads = [threading.Thread(target=self._contend, args=[lock]) for lock in locks]
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
    def _lock(what, client, directory):
        return client.Semaphore(directory, max_leases=PERMITS) if what == "permits" else client.Lock(directory)

    def _contend(self, lock):
        try:
            while not self._finished:
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
        with self._counting:
            self._inside -= 1
        self._released = time.monotonic_ns()

    def _check(self):
        if self._failed is not None:
            raise self._failed
