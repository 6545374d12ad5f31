package turnstile.bench;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Who holds is inside; that more are than may be is noticed. */
final class Room {
    private final int capacity;
    private final AtomicInteger taken = new AtomicInteger();
    private final AtomicBoolean crowded = new AtomicBoolean();

    Room(int capacity) {
        this.capacity = capacity;
    }

    void enter(int weight) {
        if (taken.addAndGet(weight) > capacity)
            crowded.set(true);
    }

    void leave(int weight) {
        taken.addAndGet(-weight);
    }

    boolean wasCrowded() {
        return crowded.get();
    }
}
