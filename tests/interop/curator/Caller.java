package turnstile.interop;

import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock.WriteLock;

/**
 * A thread that takes turns, writes under their tokens, and writes down what it does. (Curator's locks belong to threads.)
 * Events are on the safe side of what they tell: `granted` behind the grant, `released` ahead of the release.
 */
final class Caller implements Runnable {
    private final Contender at;
    private final String name;
    private final String key;
    private final String line;
    private final Resource resource;
    private int calls = 0;

    /** A holding. `lostBefore`: how many sessions had ended when it was asked for. */
    private record Held(Turn turn, String op, String kind, long token, long session, int lostBefore) {}

    Caller(Contender at, int number) throws Exception {
        this.at = at;
        this.name = at.told.text("--name") + "/" + number;
        this.key = at.told.text("--key");
        this.line = at.told.text("--path");
        this.resource = new Resource(at.told.text("--resource"));
    }

    @Override
    public void run() {
        try {
            if (at.told.text("--as").equals("downgrader"))
                downgrade();
            else
                while (!at.told.isThere("--stop"))
                    section(kindOfCall());
        } catch (Exception e) {
            // The judge sees a call without an answer; the log of this process says why.
            e.printStackTrace();
            Runtime.getRuntime().halt(1);
        }
    }

    /** Of mixed callers in every language, one call in four is a writer's. */
    private String kindOfCall() {
        final String as = at.told.text("--as");
        if (!as.equals("mixed"))
            return as;
        return calls % 4 == 3 ? "writer" : "reader";
    }

    private void section(String kind) throws Exception {
        final String op = nextOp();
        final Held held = take(Turn.as(kind, at.client, line, op), op, kind);
        if (held == null)
            return;
        write(held);
        at.told.awaitFile("--stay");
        write(held);
        giveBack(held);
    }

    /** Curator's downgrade: the thread that has the write lock takes the read lock, and then lets the write lock go. */
    private void downgrade() throws Exception {
        final String first = nextOp();
        final Turn writing = Turn.as("writer", at.client, line, first);
        final Held writer = take(writing, first, "writer");
        at.told.awaitFile("--go-on");
        at.journal.append(event("released", writer));
        final String second = nextOp();
        final Held reader = take(Turn.reader(at.client, line, second, (WriteLock) writing.lock()), second, "reader");
        writing.lock().release();
        at.told.awaitFile("--stay");
        giveBack(reader);
    }

    private Held take(Turn turn, String op, String kind) throws Exception {
        at.journal.append(new Event("invoke").with("op", op).with("key", key).with("session", at.session()));
        final int lostBefore = at.sessionsLost.get();
        turn.lock().acquire();
        final Long token = turn.token(at.client);
        if (token == null)
            return refuse(turn, op);
        final Held held = new Held(turn, op, kind, token, at.session(), lostBefore);
        at.journal.append(event("granted", held));
        return held;
    }

    /** Its session, and with it its node, ended before it could read the token. */
    private Held refuse(Turn turn, String op) throws Exception {
        at.journal.append(new Event("failed").with("op", op).with("key", key).with("detail", "its node is gone"));
        turn.lock().release();
        return null;
    }

    /** Who knows that it has lost writes all the same: it is the late one of which resources have to beware. */
    private void write(Held held) throws Exception {
        final long checked = at.journal.bootTime();
        final Event effect = event("effect", held);
        resource.apply(at.journal.lineOf(isLost(held) ? effect.with("zombie", true) : effect.with("checked", checked)));
    }

    private void giveBack(Held held) throws Exception {
        at.journal.append(event(isLost(held) ? "lost" : "released", held));
        held.turn.lock().release();
    }

    private boolean isLost(Held held) {
        return at.sessionsLost.get() != held.lostBefore;
    }

    private Event event(String type, Held held) {
        return new Event(type)
                .with("op", held.op)
                .with("key", key)
                .with("kind", held.kind)
                .with("token", held.token)
                .with("session", held.session);
    }

    private String nextOp() {
        return name + "-" + ++calls;
    }
}
