package com.amazonaws.services.lambda.runtime;

import com.amazonaws.services.lambda.runtime.logging.LogLevel;
import java.nio.charset.StandardCharsets;

/** For the runtime and for logging libraries; not for handlers. */
public final class LambdaRuntimeInternal {
    private static volatile LambdaLogger target;
    private static volatile boolean useLog4jAppender;

    /** Passes on to what the runtime has set; before that, to standard output. */
    static final LambdaLogger FORWARDING = new LambdaLogger() {
        @Override
        public void log(String message) {
            log(message.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public void log(byte[] message) {
            LambdaLogger current = target;
            if (current != null) {
                current.log(message);
            } else {
                System.out.write(message, 0, message.length);
                System.out.flush();
            }
        }

        @Override
        public void log(String message, LogLevel level) {
            LambdaLogger current = target;
            if (current != null) {
                current.log(message, level);
            } else {
                log(message);
            }
        }

        @Override
        public void log(byte[] message, LogLevel level) {
            LambdaLogger current = target;
            if (current != null) {
                current.log(message, level);
            } else {
                log(message);
            }
        }
    };

    private LambdaRuntimeInternal() {
    }

    public static void setLogger(LambdaLogger logger) {
        target = logger;
    }

    public static boolean getUseLog4jAppender() {
        return useLog4jAppender;
    }

    public static void setUseLog4jAppender(boolean value) {
        useLog4jAppender = value;
    }
}
