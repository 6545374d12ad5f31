package turnstile.interop;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.ExponentialBackoffRetry;

/** A process that stands in Turnstile's lines with Curator: see tests/interop/contender.hpp for what it is told. */
final class Contender {
    final Arguments told;
    final Journal journal;
    final CuratorFramework client;
    /** Grows with each ZooKeeper session that ends: whoever held in it holds no more. */
    final AtomicInteger sessionsLost = new AtomicInteger();

    private Contender(Arguments told) throws Exception {
        this.told = told;
        this.journal = new Journal(told.text("--history"), told.text("--name"), told.number("--boot-offset"));
        this.client = CuratorFrameworkFactory.builder()
                .connectString(told.text("--servers"))
                .sessionTimeoutMs((int) told.number("--session-timeout"))
                .retryPolicy(new ExponentialBackoffRetry(20, 10))
                .build();
        client.getConnectionStateListenable().addListener((c, state) -> {
            if (state == ConnectionState.LOST)
                sessionsLost.incrementAndGet();
        });
        client.start();
        client.blockUntilConnected();
    }

    public static void main(String[] words) throws Exception {
        final Contender it = new Contender(new Arguments(words));
        final List<Thread> callers = new ArrayList<>();
        for (int i = 0; i < it.told.number("--callers"); ++i) {
            callers.add(new Thread(new Caller(it, i)));
            callers.get(i).start();
        }
        for (final Thread c : callers)
            c.join();
        it.client.close();
    }

    long session() throws Exception {
        return client.getZookeeperClient().getZooKeeper().getSessionId();
    }
}
