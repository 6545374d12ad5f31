package turnstile.bench;

import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.ExponentialBackoffRetry;

/** Makes clients of the servers under test: one ZooKeeper session each. */
record Clients(String servers, int sessionTimeoutMs) {
    CuratorFramework connect() throws InterruptedException {
        final CuratorFramework client = CuratorFrameworkFactory.builder()
                .connectString(servers)
                .sessionTimeoutMs(sessionTimeoutMs)
                .retryPolicy(new ExponentialBackoffRetry(1000, 3))
                .build();
        client.start();
        client.blockUntilConnected();
        return client;
    }
}
