import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** Runs the command given as arguments against a Runtime API that hands out two events and then fails: a training run. */
public final class Trainer {
    private static final String EVENT = "{\"key\":\"v\\u00e4lue\",\"list\":[1,2.5,true,null],\"nested\":{\"a\":\"b\"}}";

    public static void main(String[] command) throws Exception {
        try (ServerSocket server = new ServerSocket(0, 8, InetAddress.getLoopbackAddress())) {
            ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD);
            builder.environment().put("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:" + server.getLocalPort());
            Process child = builder.start();
            child.onExit().thenRun(() -> {
                try {
                    server.close(); // a child that never connected must not leave us waiting
                } catch (java.io.IOException error) {
                    throw new java.io.UncheckedIOException(error);
                }
            });
            try (Socket socket = server.accept()) {
                serve(socket);
            }
            if (!child.waitFor(60, TimeUnit.SECONDS)) {
                child.destroyForcibly();
                throw new IllegalStateException("the runtime did not end after the training");
            }
        }
    }

    private static void serve(Socket socket) throws Exception {
        BufferedReader reader = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
        int events = 0;
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            int length = 0;
            for (String header = reader.readLine(); !header.isEmpty(); header = reader.readLine()) {
                if (header.startsWith("Content-Length: ")) {
                    length = Integer.parseInt(header.substring(16));
                }
            }
            reader.skip(length);
            String head = "HTTP/1.1 202 Accepted\r\n";
            String body = "{\"status\":\"OK\"}";
            if (line.startsWith("GET ")) {
                boolean last = events++ == 3;
                head = (last ? "HTTP/1.1 500 Internal Server Error\r\n" : "HTTP/1.1 200 OK\r\n") + "Lambda-Runtime-Aws-Request-Id: training-" + events
                    + "\r\nLambda-Runtime-Deadline-Ms: 4102444800000\r\nLambda-Runtime-Trace-Id: Root=1\r\n";
                body = EVENT;
            }
            socket.getOutputStream().write((head + "Content-Length: " + body.length() + "\r\n\r\n" + body).getBytes(StandardCharsets.ISO_8859_1));
        }
    }
}
