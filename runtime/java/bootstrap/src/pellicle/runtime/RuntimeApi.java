package pellicle.runtime;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** Runtime API client: HTTP/1.1 over one kept connection. java.net.http costs a multiple of the rest of the start. */
final class RuntimeApi {
    static final String VERSION = "0.1.0";
    private static final String ROOT = "/2018-06-01/runtime";
    private static final int MAX_HEADER_BYTES = 1 << 20; // the service allows 1 MB of request line and headers
    private static final int ONE_PACKET = 16384;

    private final String address;
    private final String host;
    private final int port;
    private Socket socket;
    private InputStream input;

    RuntimeApi(String address) {
        int colon = address == null ? -1 : address.lastIndexOf(':');
        if (colon < 0) {
            throw new IllegalArgumentException("AWS_LAMBDA_RUNTIME_API is not host:port: `" + address + "`");
        }
        this.address = address;
        host = address.substring(0, colon);
        port = Integer.parseInt(address.substring(colon + 1));
    }

    static final class Answer {
        final int status;
        final Map<String, String> headers;
        byte[] body = new byte[0];

        Answer(int status, Map<String, String> headers) {
            this.status = status;
            this.headers = headers;
        }

        String header(String name) {
            return headers.get(name);
        }

        String text() {
            return new String(body, 0, Math.min(body.length, 200), StandardCharsets.UTF_8);
        }
    }

    /** Waits without limit: the sandbox may be frozen in here. */
    Answer next() throws IOException {
        Answer answer = call("GET", "/invocation/next", "", null, 0);
        if (answer.status != 200) {
            throw new IOException("next answered " + answer.status + ": " + answer.text());
        }
        return answer;
    }

    void restoreNext() throws IOException {
        Answer answer = call("GET", "/restore/next", "", null, 0);
        if (answer.status != 200) {
            throw new IOException("restore/next answered " + answer.status + ": " + answer.text());
        }
    }

    void respond(String requestId, byte[] body, int length) throws IOException {
        report("/invocation/" + requestId + "/response", "Content-Type: application/json\r\n", body, length);
    }

    void error(String requestId, ErrorReport error) throws IOException {
        reportError("/invocation/" + requestId + "/error", error);
    }

    void initError(ErrorReport error) throws IOException {
        reportError("/init/error", error);
    }

    private void reportError(String path, ErrorReport error) throws IOException {
        String headers = "Content-Type: application/json\r\nLambda-Runtime-Function-Error-Type: " + error.category + "\r\n";
        String cause = error.xrayCause();
        if (cause != null) {
            headers += "Lambda-Runtime-Function-XRay-Error-Cause: " + cause + "\r\n";
        }
        byte[] body = error.toJson();
        report(path, headers, body, body.length);
    }

    private void report(String path, String headers, byte[] body, int length) throws IOException {
        Answer answer = call("POST", path, headers, body, length);
        if (answer.status >= 500) {
            throw new IOException(path + " answered " + answer.status + ": " + answer.text());
        }
        if (answer.status != 202) {
            // 400, 403 and 413 end this invocation on the platform's side; the next one is not affected.
            System.err.println("the Runtime API refused " + path + ": " + answer.status + " " + answer.text());
        }
    }

    private Answer call(String method, String path, String headers, byte[] body, int length) throws IOException {
        String text = method + " " + ROOT + path + " HTTP/1.1\r\nHost: " + address + "\r\nUser-Agent: pellicle-java/"
            + System.getProperty("java.version") + "-" + VERSION + "\r\n" + headers;
        if (body != null) {
            text += "Content-Length: " + length + "\r\n";
        }
        byte[] head = (text + "\r\n").getBytes(StandardCharsets.ISO_8859_1);
        boolean reused = socket != null;
        try {
            return exchange(head, body, length);
        } catch (IOException error) {
            boolean stale = reused && !answerStarted;
            close();
            if (!stale) {
                throw error;
            }
        }
        return exchange(head, body, length); // the kept connection was closed meanwhile
    }

    private boolean answerStarted;

    private Answer exchange(byte[] head, byte[] body, int length) throws IOException {
        answerStarted = false;
        if (socket == null) {
            socket = new Socket();
            socket.setTcpNoDelay(true);
            socket.connect(new InetSocketAddress(host, port));
            input = new BufferedInputStream(socket.getInputStream(), 65536);
        }
        OutputStream output = socket.getOutputStream();
        if (body != null && length <= ONE_PACKET) {
            byte[] both = new byte[head.length + length];
            System.arraycopy(head, 0, both, 0, head.length);
            System.arraycopy(body, 0, both, head.length, length);
            output.write(both);
        } else {
            output.write(head);
            if (body != null) {
                output.write(body, 0, length);
            }
        }
        Answer answer = readHead();
        while (answer.status < 200) {
            answer = readHead();
        }
        readBody(answer);
        if ("close".equalsIgnoreCase(answer.header("connection"))) {
            close();
        }
        return answer;
    }

    private Answer readHead() throws IOException {
        String line = readLine();
        answerStarted = true;
        if (!line.startsWith("HTTP/1.") || line.length() < 12) {
            throw new IOException("not an HTTP answer: " + line.substring(0, Math.min(line.length(), 80)));
        }
        int status = Integer.parseInt(line.substring(9, 12));
        Map<String, String> headers = new HashMap<>();
        for (line = readLine(); !line.isEmpty(); line = readLine()) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                headers.put(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).trim());
            }
        }
        return new Answer(status, headers);
    }

    /** Header text is UTF-8: client context and identity may hold any text. */
    private String readLine() throws IOException {
        byte[] line = new byte[256];
        int length = 0;
        for (int c = input.read(); c != '\n'; c = input.read()) {
            if (c < 0) {
                throw new EOFException("the connection was closed before the answer");
            }
            if (length == MAX_HEADER_BYTES) {
                throw new IOException("a header of the answer is too long");
            }
            if (length == line.length) {
                line = java.util.Arrays.copyOf(line, length * 2);
            }
            line[length++] = (byte) c;
        }
        if (length > 0 && line[length - 1] == '\r') {
            length--;
        }
        return new String(line, 0, length, StandardCharsets.UTF_8);
    }

    private void readBody(Answer answer) throws IOException {
        if (answer.status == 204 || answer.status == 304) {
            return;
        }
        String length = answer.header("content-length");
        if ("chunked".equalsIgnoreCase(answer.header("transfer-encoding"))) {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            for (int size = readChunkSize(); size > 0; size = readChunkSize()) {
                all.write(readExactly(size));
                readLine();
            }
            while (!readLine().isEmpty()) {
                continue; // trailers
            }
            answer.body = all.toByteArray();
        } else if (length != null) {
            answer.body = readExactly(Integer.parseInt(length));
        } else {
            answer.body = input.readAllBytes();
            close();
        }
    }

    private int readChunkSize() throws IOException {
        String line = readLine();
        int end = line.indexOf(';');
        return Integer.parseInt((end < 0 ? line : line.substring(0, end)).trim(), 16);
    }

    private byte[] readExactly(int size) throws IOException {
        byte[] bytes = input.readNBytes(size);
        if (bytes.length != size) {
            throw new IOException("the body ended after " + bytes.length + " of " + size + " bytes");
        }
        return bytes;
    }

    private void close() {
        if (socket != null) {
            try {
                socket.close();
            } catch (IOException ignored) {
                // Closing a broken connection; the error that matters has been seen already.
            }
            socket = null;
            input = null;
        }
    }
}
