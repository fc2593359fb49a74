package com.amazonaws.services.lambda.runtime.logging;

/** Levels, lowest first. */
public enum LogLevel {
    UNDEFINED, TRACE, DEBUG, INFO, WARN, ERROR, FATAL;

    /** INFO where the text names no level. */
    public static LogLevel fromString(String text) {
        if (text != null) {
            for (LogLevel level : values()) {
                if (level.name().equalsIgnoreCase(text)) {
                    return level;
                }
            }
        }
        return INFO;
    }
}
