"""Waiters in lines behind holders, for as long as this process runs: each is a thread blocked in Lock.acquire."""

import gc
import threading
import time


class Crowd:
    def __init__(self, connect, directory, lines):
        self._lines = [f"{directory}/{i}" for i in range(lines)]
        holding = connect()
        self._holders = [holding.Lock(line) for line in self._lines]
        for holder in self._holders:
            holder.acquire()
        self._waiting = connect()
        gc.collect()

    def join(self, waiters):
        """Returns when all of them wait."""
        for i in range(waiters):
            lock = self._waiting.Lock(self._lines[i % len(self._lines)])
            threading.Thread(target=lock.acquire, daemon=True).start()
        while self._in_line() < waiters + len(self._lines):
            time.sleep(0.02)
        gc.collect()

    def _in_line(self):
        return sum(len(self._waiting.get_children(line)) for line in self._lines)
