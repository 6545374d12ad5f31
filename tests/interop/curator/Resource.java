package turnstile.interop;

import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** A line to what the locks protect (tests/chaos/resource.hpp): it compares tokens, and writes down what it accepts. */
final class Resource implements AutoCloseable {
    private final SocketChannel peer = SocketChannel.open(StandardProtocolFamily.UNIX);

    Resource(String socket) throws IOException {
        peer.connect(UnixDomainSocketAddress.of(socket));
    }

    /** Returns when it was accepted or refused: which of both is in the history. */
    void apply(byte[] effect) throws IOException {
        for (ByteBuffer out = ByteBuffer.wrap(effect); out.hasRemaining(); )
            peer.write(out);
        final ByteBuffer answer = ByteBuffer.allocate(1);
        if (peer.read(answer) != 1)
            throw new EOFException("the resource has gone");
    }

    @Override
    public void close() throws IOException {
        peer.close();
    }
}
