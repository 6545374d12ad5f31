package turnstile.bench;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.locks.InterProcessLock;
import org.apache.curator.framework.recipes.locks.InterProcessMultiLock;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.framework.recipes.locks.Lease;

/** One of several who want the same again and again, each with a session of its own: holds nothing but for a moment. */
interface Contender {
    int MANY_KEYS = 1000;

    /** False when the turn was given up. */
    boolean takeTurn(Random dice) throws Exception;

    static Contender alone(CuratorFramework client, String directory, Room room, Baton baton) {
        final InterProcessLock mine = new InterProcessMutex(client, directory);
        return dice -> {
            mine.acquire();
            baton.taken();
            beIn(room, 1);
            baton.givenUp();
            mine.release();
            return true;
        };
    }

    /** Every `step`th of many keys, which nobody else wants. */
    static Contender goingRound(CuratorFramework client, String directory, int first, int step) {
        final List<InterProcessLock> mine = new ArrayList<>();
        for (int key = first; key < MANY_KEYS; key += step)
            mine.add(new InterProcessMutex(client, directory + "/" + key));
        final Iterator<InterProcessLock> round = Stream.generate(() -> mine).flatMap(List::stream).iterator();
        return dice -> {
            final InterProcessLock next = round.next();
            next.acquire();
            next.release();
            return true;
        };
    }

    static Contender readerOrWriter(CuratorFramework client, String directory, Room room, int everybody) {
        final InterProcessReadWriteLock lock = new InterProcessReadWriteLock(client, directory);
        return dice -> {
            final boolean writes = dice.nextInt(10) == 0;
            final InterProcessLock mine = writes ? lock.writeLock() : lock.readLock();
            mine.acquire();
            beIn(room, writes ? everybody : 1);
            mine.release();
            return true;
        };
    }

    static Contender ofPermits(CuratorFramework client, String directory, Room room, int permits) {
        final InterProcessSemaphoreV2 semaphore = new InterProcessSemaphoreV2(client, directory, permits);
        return dice -> {
            final Lease mine = semaphore.acquire();
            beIn(room, 1);
            semaphore.returnLease(mine);
            return true;
        };
    }

    /**
     * Two of several keys. In an order that all agree on nobody waits in a circle; in any order they do, because the keys are
     * taken one after the other, and nothing but giving up ends that.
     */
    static Contender ofTwoKeys(CuratorFramework client, String directory, List<Room> rooms, boolean sorted, long patience) {
        final List<InterProcessLock> keys = Turn.mutexes(client, directory, rooms.size());
        return dice -> {
            final int some = dice.nextInt(keys.size());
            final int other = (some + 1 + dice.nextInt(keys.size() - 1)) % keys.size();
            final int first = sorted ? Math.min(some, other) : some;
            final int second = sorted ? Math.max(some, other) : other;
            final InterProcessLock both = new InterProcessMultiLock(List.of(keys.get(first), keys.get(second)));
            if (!sorted && !both.acquire(patience, TimeUnit.MILLISECONDS))
                return false;
            if (sorted)
                both.acquire();
            beIn(rooms.get(first), 1);
            beIn(rooms.get(second), 1);
            both.release();
            return true;
        };
    }

    private static void beIn(Room room, int weight) {
        room.enter(weight);
        room.leave(weight);
    }
}
