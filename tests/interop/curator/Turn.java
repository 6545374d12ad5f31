package turnstile.interop;

import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock.ReadLock;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock.WriteLock;
import org.apache.zookeeper.data.Stat;

/**
 * One turn in a line, by Curator's own recipes. They are subclassed for two reasons only: to get at the path of their node,
 * whose czxid is the fencing token, and to write into it what Turnstile's contenders write, so that mutex::line() shows them.
 */
record Turn(InterProcessMutex lock, Supplier<String> place) {
    static Turn as(String kind, CuratorFramework client, String line, String op) {
        switch (kind) {
            case "reader":
                return reader(client, line, op, new Writer(client, line, record(op)));
            case "writer":
                final Writer writer = new Writer(client, line, record(op));
                return new Turn(writer, writer::place);
            default:
                final Mutex mutex = new Mutex(client, line, record(op));
                return new Turn(mutex, mutex::place);
        }
    }

    /** A reader that is let in at once when `writer` is held by the same thread. */
    static Turn reader(CuratorFramework client, String line, String op, WriteLock writer) {
        final Reader reader = new Reader(client, line, record(op), writer);
        return new Turn(reader, reader::place);
    }

    /** What fences this holding; null when its node is gone. */
    Long token(CuratorFramework client) throws Exception {
        final Stat stat = client.checkExists().forPath(place.get());
        return stat == null ? null : Long.valueOf(stat.getCzxid());
    }

    private static byte[] record(String op) {
        final String text = "turnstile 1\npid " + ProcessHandle.current().pid() + "\nlabel curator\nfor " + op + "\n";
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static final class Mutex extends InterProcessMutex {
        private final byte[] record;

        Mutex(CuratorFramework client, String line, byte[] record) {
            super(client, line);
            this.record = record;
        }

        @Override
        protected byte[] getLockNodeBytes() {
            return record;
        }

        String place() {
            return getLockPath();
        }
    }

    private static final class Writer extends WriteLock {
        Writer(CuratorFramework client, String line, byte[] record) {
            super(client, line, record);
        }

        String place() {
            return getLockPath();
        }
    }

    private static final class Reader extends ReadLock {
        Reader(CuratorFramework client, String line, byte[] record, WriteLock writer) {
            super(client, line, record, writer);
        }

        String place() {
            return getLockPath();
        }
    }
}
