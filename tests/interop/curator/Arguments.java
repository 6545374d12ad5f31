package turnstile.interop;

import java.io.File;
import java.util.HashMap;
import java.util.Map;

/** "--name value" for every contender's language: see tests/interop/contender.hpp. */
final class Arguments {
    private final Map<String, String> values = new HashMap<>();

    Arguments(String[] words) {
        if (words.length % 2 != 0)
            throw new IllegalArgumentException("options come in pairs: --name value");
        for (int i = 0; i < words.length; i += 2)
            values.put(words[i], words[i + 1]);
    }

    String text(String name) {
        final String value = values.get(name);
        if (value == null)
            throw new IllegalArgumentException(name + " is missing");
        return value;
    }

    long number(String name) {
        return Long.parseLong(text(name));
    }

    /** Files are how a test tells contenders of three languages what to do. */
    boolean isThere(String name) {
        return new File(text(name)).exists();
    }

    void awaitFile(String name) throws InterruptedException {
        while (!isThere(name))
            Thread.sleep(2);
    }
}
