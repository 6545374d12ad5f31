package turnstile.bench;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.locks.InterProcessLock;
import org.apache.curator.framework.recipes.locks.InterProcessMultiLock;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.framework.recipes.locks.Lease;

/** What one thread takes and gives back, by Curator's own recipes. */
interface Turn {
    int PERMITS = 5;
    int KEYS = 5;

    void take() throws Exception;

    void giveBack() throws Exception;

    /** `what`: mutex, read, write, permit, permits, keys, fresh, refused. */
    static Turn of(String what, CuratorFramework client, String directory) throws Exception {
        switch (what) {
            case "mutex":
                return of(new InterProcessMutex(client, directory));
            case "read":
                return of(new InterProcessReadWriteLock(client, directory).readLock());
            case "write":
                return of(new InterProcessReadWriteLock(client, directory).writeLock());
            case "permit":
                return permits(new InterProcessSemaphoreV2(client, directory, PERMITS), 1);
            case "permits":
                return permits(new InterProcessSemaphoreV2(client, directory, PERMITS), PERMITS);
            case "keys":
                return of(new InterProcessMultiLock(mutexes(client, directory, KEYS)));
            case "fresh":
                return fresh(client, directory + "/" + System.nanoTime());
            case "refused":
                return refused(client, directory);
            default:
                throw new IllegalArgumentException("nothing is called " + what);
        }
    }

    static List<InterProcessLock> mutexes(CuratorFramework client, String directory, int number) {
        final List<InterProcessLock> locks = new ArrayList<>();
        while (locks.size() < number)
            locks.add(new InterProcessMutex(client, directory + "/" + locks.size()));
        return locks;
    }

    private static Turn of(InterProcessLock lock) {
        return new Turn() {
            @Override
            public void take() throws Exception {
                lock.acquire();
            }

            @Override
            public void giveBack() throws Exception {
                lock.release();
            }
        };
    }

    /** Each time another resource, which nobody has used before. */
    private static Turn fresh(CuratorFramework client, String directory) {
        return new Turn() {
            private int number = 0;
            private InterProcessLock held;

            @Override
            public void take() throws Exception {
                held = new InterProcessMutex(client, directory + "/" + number++);
                held.acquire();
            }

            @Override
            public void giveBack() throws Exception {
                held.release();
            }
        };
    }

    /** Somebody else has it, for as long as this process runs. */
    private static Turn refused(CuratorFramework client, String directory) throws Exception {
        final InterProcessMutex holder = new InterProcessMutex(client, directory);
        final Thread other = new Thread(() -> {
            try {
                holder.acquire();
                Thread.sleep(Long.MAX_VALUE);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        other.setDaemon(true);
        if (holder.getParticipantNodes().isEmpty())
            other.start();
        while (holder.getParticipantNodes().isEmpty())
            Thread.sleep(1);
        final InterProcessMutex mine = new InterProcessMutex(client, directory);
        return new Turn() {
            @Override
            public void take() throws Exception {
                if (mine.acquire(0, TimeUnit.MILLISECONDS))
                    throw new IllegalStateException("it was held");
            }

            @Override
            public void giveBack() {}
        };
    }

    private static Turn permits(InterProcessSemaphoreV2 semaphore, int number) {
        return new Turn() {
            private Collection<Lease> held;

            @Override
            public void take() throws Exception {
                held = semaphore.acquire(number);
            }

            @Override
            public void giveBack() {
                semaphore.returnAll(held);
            }
        };
    }
}
