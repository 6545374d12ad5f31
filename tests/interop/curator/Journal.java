package turnstile.interop;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Appends to the history that all languages share: one write an event, so that lines of killed processes are whole. */
final class Journal {
    private final FileOutputStream file;
    private final String process;
    private final long bootIsAheadBy;

    /** Java reads CLOCK_MONOTONIC (as nanoTime) but not CLOCK_BOOTTIME: the distance is told, and does not change in a run. */
    Journal(String path, String process, long bootIsAheadBy) throws IOException {
        this.file = new FileOutputStream(path, true);
        this.process = process;
        this.bootIsAheadBy = bootIsAheadBy;
    }

    void append(Event e) throws IOException {
        file.write(lineOf(e));
    }

    byte[] lineOf(Event e) {
        final long now = System.nanoTime();
        return e.with("process", process).line(now, now + bootIsAheadBy).getBytes(StandardCharsets.UTF_8);
    }

    long bootTime() {
        return System.nanoTime() + bootIsAheadBy;
    }
}
