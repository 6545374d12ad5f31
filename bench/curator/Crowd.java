package turnstile.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;

/**
 * Waiters in lines behind holders, for as long as this process runs. Each is a thread, as Curator has it; those of one line share
 * one InterProcessMutex, which is the cheapest way.
 */
final class Crowd {
    private final CuratorFramework waiting;
    private final List<InterProcessMutex> lines = new ArrayList<>();

    Crowd(Clients at, String directory, int lines) throws Exception {
        final CuratorFramework holding = at.connect();
        waiting = at.connect();
        final CountDownLatch held = new CountDownLatch(lines);
        for (int line = 0; line < lines; ++line) {
            final InterProcessMutex holder = new InterProcessMutex(holding, directory + "/" + line);
            start(() -> {
                holder.acquire();
                held.countDown();
                new CountDownLatch(1).await();
            });
            this.lines.add(new InterProcessMutex(waiting, directory + "/" + line));
        }
        held.await();
        collectGarbage();
    }

    /** Returns when all of them wait. */
    void join(int waiters) throws Exception {
        for (int i = 0; i < waiters; ++i) {
            final InterProcessMutex line = lines.get(i % lines.size());
            start(() -> {
                line.acquire();
                throw new IllegalStateException("granted behind a holder");
            });
        }
        while (inLine() < waiters + lines.size())
            Thread.sleep(20);
        collectGarbage();
    }

    private int inLine() throws Exception {
        int all = 0;
        for (final InterProcessMutex line : lines)
            all += line.getParticipantNodes().size();
        return all;
    }

    /** What was needed on the way is not what a waiter occupies. */
    private static void collectGarbage() {
        System.gc();
    }

    private interface Job {
        void run() throws Exception;
    }

    private static void start(Job job) {
        final Thread thread = new Thread(() -> {
            try {
                job.run();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        thread.setDaemon(true);
        thread.start();
    }
}
