"""What one thread takes and gives back, by kazoo's own recipes: a pair of functions."""

import itertools
import time


def of(what, connect, client, directory):
    return {"mutex": lambda: _of(client.Lock(directory)),
            "read": lambda: _of(client.ReadLock(directory)),
            "write": lambda: _of(client.WriteLock(directory)),
            "permit": lambda: _of(client.Semaphore(directory, max_leases=5)),
            "fresh": lambda: _fresh(client, f"{directory}/{time.monotonic_ns()}"),
            "refused": lambda: _refused(connect, client, directory)}[what]()


def _of(lock):
    return lock.acquire, lock.release


def _fresh(client, directory):
    """Each time another key, which nobody has used before."""
    numbers = itertools.count()
    held = []

    def take():
        held[:] = [client.Lock(f"{directory}/{next(numbers)}")]
        held[0].acquire()

    return take, lambda: held[0].release()


def _refused(connect, client, directory):
    """Somebody else has it, for as long as this process runs."""
    if client.exists(directory) is None or not client.get_children(directory):
        connect().Lock(directory).acquire()
    lock = client.Lock(directory)

    def take():
        if lock.acquire(blocking=False):
            raise RuntimeError("it was held")

    return take, lambda: None
