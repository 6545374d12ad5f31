package turnstile.interop;

/** One line of a history: what docs/testing-histories.md calls an event. What has its default is left out. */
final class Event {
    private final StringBuilder fields = new StringBuilder();

    Event(String type) {
        with("type", type);
    }

    Event with(String name, String value) {
        return write(name, '"' + value.replace("\\", "\\\\").replace("\"", "\\\"").replaceAll("\\p{Cntrl}", " ") + '"');
    }

    Event with(String name, long value) {
        return write(name, Long.toString(value));
    }

    Event with(String name, boolean value) {
        return write(name, Boolean.toString(value));
    }

    String line(long monotonic, long boot) {
        return "{\"t\":" + monotonic + ",\"boot\":" + boot + fields + "}\n";
    }

    private Event write(String name, String value) {
        fields.append(",\"").append(name).append("\":").append(value);
        return this;
    }
}
