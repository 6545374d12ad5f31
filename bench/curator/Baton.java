package turnstile.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * Times hand-overs: from just before a release to the grant that follows. Only the holder writes here. That one comes after the
 * other passes through ZooKeeper, of which Java knows nothing: the volatile orders it.
 */
final class Baton {
    private final List<Double> handOvers = new ArrayList<>(1 << 16);
    private volatile long released = 0;

    void taken() {
        final long now = System.nanoTime();
        if (released != 0)
            handOvers.add((now - released) / 1e3);
    }

    void givenUp() {
        released = System.nanoTime();
    }

    List<Double> handOvers() {
        return handOvers;
    }
}
