"""kazoo's locks in one line with others: which names its contenders give themselves, and whose names they look for.

docs/interop.md shows parts of this file.
"""

from kazoo.recipe.lock import ForceRetryError, Lock, ReadLock, WriteLock


# snippet: shared-lock
class SharedLock(Lock):
    """Named as Curator's and Turnstile's contenders are: everybody sees everybody."""

    _NODE_NAME = "-lock-"
    _EXCLUDE_NAMES = ["-lock-"]
# end of snippet


# snippet: shared-read-write
class NearestWriter:
    """Waits for writers ahead of it only. kazoo 2.8.0's ReadLock also waits for those behind it, which wait for it."""

    def _get_predecessor(self, node):
        children = self.client.get_children(self.path)
        if node not in children:
            raise ForceRetryError()  # the session that made it has ended
        writers = filter(None, map(self._contenders_re.search, children))
        ahead = [w for w in writers if w.group(1) < node[-10:]]
        return max(ahead, key=lambda w: w.group(1)).string if ahead else None


class SharedReadLock(NearestWriter, ReadLock):
    _NODE_NAME = "__READ__"
    _EXCLUDE_NAMES = ["__WRIT__"]


class SharedWriteLock(WriteLock):
    _NODE_NAME = "__WRIT__"
    _EXCLUDE_NAMES = ["__WRIT__", "__READ__"]


class PatientReadLock(NearestWriter, ReadLock):
    """kazoo's own names, and the mistake mended."""
# end of snippet


def own(kind, *call):
    """As kazoo comes: it sees nobody but itself."""
    return {"mutex": Lock, "reader": ReadLock, "writer": WriteLock}[kind](*call)


def told(kind, *call):
    """With kazoo's own names, told of the others'. Curator does not see it."""
    if kind == "mutex":
        return Lock(*call, extra_lock_patterns=["-lock-"])
    if kind == "writer":
        return WriteLock(*call, extra_lock_patterns=["__WRIT__", "__READ__"])
    return PatientReadLock(*call, extra_lock_patterns=["__WRIT__"])


def shared(kind, *call):
    """With the others' names."""
    return {"mutex": SharedLock, "reader": SharedReadLock, "writer": SharedWriteLock}[kind](*call)


FAMILIES = {"own": own, "told": told, "shared": shared}


def lock(family, kind, *call):
    return FAMILIES[family](kind, *call)
