package pellicle.runtime;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** An error in the form the platform and the caller expect. */
final class ErrorReport {
    static final String USER_EXCEPTION = "Runtime.UserException";
    static final String BAD_CODE = "Runtime.BadFunctionCode";
    private static final int MAX_CAUSES = 16;
    private static final int MAX_HEADER_BYTES = 16384; // the service crops at 64 KiB; common HTTP servers take 32 KiB of headers

    final String category;
    private final Throwable error;

    ErrorReport(String category, Throwable error) {
        this.category = category;
        this.error = error;
    }

    byte[] toJson() {
        return JsonWriter.write(describe(error, 0));
    }

    private static Map<String, Object> describe(Throwable error, int level) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("errorMessage", message(error));
        body.put("errorType", error.getClass().getName());
        List<String> stack = new ArrayList<>();
        for (StackTraceElement frame : userFrames(error)) {
            stack.add(frame.toString());
        }
        body.put("stackTrace", stack);
        if (error.getCause() != null && error.getCause() != error && level < MAX_CAUSES) {
            body.put("cause", describe(error.getCause(), level + 1));
        }
        return body;
    }

    /** ASCII JSON, or null when it would not fit a header. */
    String xrayCause() {
        List<Object> exceptions = new ArrayList<>();
        Set<String> paths = new LinkedHashSet<>();
        Throwable at = error;
        for (int i = 0; at != null && i < MAX_CAUSES; i++, at = at.getCause()) {
            List<Object> stack = new ArrayList<>();
            for (StackTraceElement frame : userFrames(at)) {
                Map<String, Object> entry = new LinkedHashMap<>();
                entry.put("label", frame.getMethodName());
                entry.put("path", frame.getFileName());
                entry.put("line", frame.getLineNumber());
                stack.add(entry);
                if (frame.getFileName() != null) {
                    paths.add(frame.getFileName());
                }
            }
            Map<String, Object> exception = new LinkedHashMap<>();
            exception.put("message", message(at));
            exception.put("type", at.getClass().getName());
            exception.put("stack", stack);
            exceptions.add(exception);
        }
        Map<String, Object> cause = new LinkedHashMap<>();
        cause.put("working_directory", System.getProperty("user.dir"));
        cause.put("exceptions", exceptions);
        cause.put("paths", paths);
        String text = JsonWriter.writeAscii(cause);
        return text.length() <= MAX_HEADER_BYTES ? text : null;
    }

    /** As printStackTrace prints it, without our own frames. */
    String toText() {
        StringBuilder text = new StringBuilder();
        Throwable at = error;
        for (int i = 0; at != null && i < MAX_CAUSES; i++, at = at.getCause()) {
            String message = message(at);
            text.append(i == 0 ? "" : "Caused by: ").append(message == null ? "" : message + ": ").append(at.getClass().getName()).append('\n');
            if (i == 0) {
                text.append(at.getClass().getName()).append(message == null ? "" : ": " + message).append('\n');
            }
            for (StackTraceElement frame : userFrames(at)) {
                text.append("\tat ").append(frame).append('\n');
            }
        }
        return text.append('\n').toString();
    }

    private static String message(Throwable error) {
        try {
            return error.getMessage();
        } catch (RuntimeException broken) {
            return "<no message: " + broken.getClass().getName() + ">"; // a getMessage of the customer's that throws
        }
    }

    /** Up to our first frame, and without the reflection between it and the handler. */
    private static List<StackTraceElement> userFrames(Throwable error) {
        List<StackTraceElement> frames = new ArrayList<>();
        for (StackTraceElement frame : error.getStackTrace()) {
            if (frame.getClassName().startsWith("pellicle.runtime.")) {
                break;
            }
            frames.add(frame);
        }
        while (!frames.isEmpty() && frames.size() < error.getStackTrace().length && isReflection(frames.get(frames.size() - 1))) {
            frames.remove(frames.size() - 1);
        }
        return frames;
    }

    private static boolean isReflection(StackTraceElement frame) {
        return frame.getClassName().startsWith("java.lang.reflect.") || frame.getClassName().startsWith("jdk.internal.reflect.");
    }
}
