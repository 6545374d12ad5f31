package turnstile.bench;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.curator.framework.CuratorFramework;

/** Apache Curator's side of the benchmarks. bench/library.hpp starts it, and says what it is asked and what it answers. */
final class Peer {
    private final Clients clients;
    private final CuratorFramework alone;
    private final PrintWriter answer;
    private Race race = null;
    private Crowd crowd = null;

    private Peer(Clients clients, PrintWriter answer) throws Exception {
        this.clients = clients;
        this.alone = clients.connect();
        this.answer = answer;
    }

    public static void main(String[] words) throws Exception {
        final Clients clients = new Clients(words[1], Integer.parseInt(words[2]));
        try (Socket driver = new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(words[0]))) {
            driver.setTcpNoDelay(true);
            final BufferedReader asked = new BufferedReader(new InputStreamReader(driver.getInputStream()));
            final Peer peer = new Peer(clients, new PrintWriter(driver.getOutputStream()));
            for (String line = asked.readLine(); line != null; line = asked.readLine())
                peer.obey(line.split(" "));
        }
    }

    private void obey(String[] words) {
        try {
            carryOut(words);
            answer.println("done");
        } catch (Exception e) {
            e.printStackTrace();
            answer.println("failed " + e);
        }
        answer.flush();
    }

    private void carryOut(String[] words) throws Exception {
        switch (words[0]) {
            case "pairs":
                timePairs(Turn.of(words[1], alone, words[2]), Integer.parseInt(words[3]));
                break;
            case "loop":
                countPairs(Turn.of(words[1], alone, words[2]), Long.parseLong(words[3]));
                break;
            case "race":
                race = new Race(words[1], clients, words[2], Integer.parseInt(words[3]));
                break;
            case "count":
                answer.println("grants " + race.grants());
                answer.println("given-up " + race.givenUp());
                break;
            case "finish":
                race.finish();
                answer.println(line("hand-over", race.handOvers()));
                break;
            case "hold":
                crowd = new Crowd(clients, words[1], Integer.parseInt(words[2]));
                break;
            case "wait":
                crowd.join(Integer.parseInt(words[3]));
                break;
            default:
                throw new IllegalArgumentException("nobody does " + words[0]);
        }
    }

    private void timePairs(Turn turn, int number) throws Exception {
        final List<Double> acquires = new ArrayList<>();
        final List<Double> pairs = new ArrayList<>();
        for (int i = 0; i < number; ++i) {
            final long asked = System.nanoTime();
            turn.take();
            final long granted = System.nanoTime();
            turn.giveBack();
            final long released = System.nanoTime();
            acquires.add((granted - asked) / 1e3);
            pairs.add((released - asked) / 1e3);
        }
        answer.println(line("acquire", acquires));
        answer.println(line("pair", pairs));
    }

    private void countPairs(Turn turn, long milliseconds) throws Exception {
        final long begun = System.nanoTime();
        final long until = begun + milliseconds * 1_000_000;
        long pairs = 0;
        for (; System.nanoTime() < until; ++pairs) {
            turn.take();
            turn.giveBack();
        }
        answer.println("seconds " + (System.nanoTime() - begun) / 1e9);
        answer.println("pairs " + pairs);
    }

    private static String line(String name, List<Double> values) {
        return name + values.stream().map(v -> " " + v).collect(Collectors.joining());
    }
}
