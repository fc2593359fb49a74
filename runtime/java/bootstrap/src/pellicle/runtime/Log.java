package pellicle.runtime;

import com.amazonaws.services.lambda.runtime.LambdaLogger;
import com.amazonaws.services.lambda.runtime.logging.LogLevel;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** Standard output and the logger handed to handlers. */
final class Log implements LambdaLogger {
    private final FileOutputStream out = new FileOutputStream(FileDescriptor.out);
    private final boolean asJson = "JSON".equalsIgnoreCase(System.getenv("AWS_LAMBDA_LOG_FORMAT"));
    private final LogLevel lowest = asJson ? LogLevel.fromString(System.getenv("AWS_LAMBDA_LOG_LEVEL")) : LogLevel.UNDEFINED;
    private volatile String requestId;

    void setRequestId(String id) {
        requestId = id;
    }

    /** Nothing waits in a buffer when the sandbox is frozen or killed. */
    void replaceStandardStreams() {
        System.setOut(new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8));
    }

    @Override
    public void log(String message) {
        log(message, LogLevel.UNDEFINED);
    }

    @Override
    public void log(byte[] message) {
        log(message, LogLevel.UNDEFINED);
    }

    @Override
    public void log(byte[] message, LogLevel level) {
        log(new String(message, StandardCharsets.UTF_8), level);
    }

    @Override
    public void log(String message, LogLevel level) {
        if (level != LogLevel.UNDEFINED && level.compareTo(lowest) < 0) {
            return;
        }
        String text = String.valueOf(message);
        write(asJson ? json(text, level) : text);
    }

    /** One log event, one line at least: the platform's own log channel keeps events apart, a stream does not. */
    private void write(String text) {
        byte[] bytes = (text.endsWith("\n") ? text : text + "\n").getBytes(StandardCharsets.UTF_8);
        try {
            out.write(bytes);
        } catch (IOException ignored) {
            // The reader of the log is gone; there is nobody left to tell, and the function goes on.
        }
    }

    private String json(String text, LogLevel level) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("timestamp", java.time.Instant.now().truncatedTo(java.time.temporal.ChronoUnit.MILLIS));
        line.put("level", level == LogLevel.UNDEFINED ? null : level.name());
        line.put("message", text);
        line.put("AWSRequestId", requestId);
        if (line.get("level") == null) {
            line.remove("level");
        }
        return new String(JsonWriter.write(line), StandardCharsets.UTF_8);
    }
}
