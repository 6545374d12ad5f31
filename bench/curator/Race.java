package turnstile.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.curator.framework.CuratorFramework;

/** Contenders who come again and again until it is finished; who asks for the count twice knows the rate. */
final class Race {
    private static final int PERMITS = 3;
    private static final int KEYS = 5;
    /** Circles are many and only this ends them: from 2 to 20 ms served Curator alike, 50 and more ever worse. */
    private static final long PATIENCE_MS = 20;

    private final List<Room> rooms = new ArrayList<>();
    private final Baton baton = new Baton();
    private final List<CuratorFramework> clients = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicLong grants = new AtomicLong();
    private final AtomicLong givenUp = new AtomicLong();
    private volatile boolean finished = false;
    private volatile Exception failed = null;

    /**
     * `what`: mutex, deep, many-keys, read-write, permits, two-keys, two-keys-sorted. Returns when all have begun. All of "deep"
     * share a session, and so do all of "many-keys", who go round keys of their own.
     */
    Race(String what, Clients at, String directory, int contenders) throws Exception {
        final boolean ofKeys = what.startsWith("two-keys");
        while (rooms.size() < (ofKeys ? KEYS : 1))
            rooms.add(new Room(capacity(what, contenders)));
        final int sessions = what.equals("deep") || what.equals("many-keys") ? 1 : contenders;
        while (clients.size() < sessions)
            clients.add(at.connect());
        for (int i = 0; i < contenders; ++i) {
            final Contender contender = contender(what, clients.get(i % sessions), directory, i, contenders);
            final Random dice = new Random(i);
            threads.add(new Thread(() -> contend(contender, dice)));
        }
        threads.forEach(Thread::start);
    }

    long grants() throws Exception {
        check();
        return grants.get();
    }

    /** Of a mutex's race, in microseconds, one for each grant but the first; after it has finished. */
    List<Double> handOvers() {
        return baton.handOvers();
    }

    long givenUp() {
        return givenUp.get();
    }

    void finish() throws Exception {
        finished = true;
        for (final Thread t : threads)
            t.join();
        clients.forEach(CuratorFramework::close);
        check();
    }

    private static int capacity(String what, int contenders) {
        switch (what) {
            case "read-write":
                return contenders; // a writer fills it
            case "permits":
                return PERMITS;
            default:
                return 1;
        }
    }

    private Contender contender(String what, CuratorFramework client, String directory, int number, int contenders) {
        switch (what) {
            case "mutex":
            case "deep":
                return Contender.alone(client, directory, rooms.get(0), baton);
            case "many-keys":
                return Contender.goingRound(client, directory, number, contenders);
            case "read-write":
                return Contender.readerOrWriter(client, directory, rooms.get(0), contenders);
            case "permits":
                return Contender.ofPermits(client, directory, rooms.get(0), PERMITS);
            case "two-keys":
                return Contender.ofTwoKeys(client, directory, rooms, false, PATIENCE_MS);
            case "two-keys-sorted":
                return Contender.ofTwoKeys(client, directory, rooms, true, PATIENCE_MS);
            default:
                throw new IllegalArgumentException("nothing is called " + what);
        }
    }

    private void contend(Contender contender, Random dice) {
        try {
            while (!finished)
                (contender.takeTurn(dice) ? grants : givenUp).incrementAndGet();
        } catch (Exception e) {
            failed = e;
        }
    }

    private void check() throws Exception {
        if (failed != null)
            throw failed;
        if (rooms.stream().anyMatch(Room::wasCrowded))
            throw new IllegalStateException("more held at once than may");
    }
}
