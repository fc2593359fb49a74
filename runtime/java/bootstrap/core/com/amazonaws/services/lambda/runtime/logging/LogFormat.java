package com.amazonaws.services.lambda.runtime.logging;

/** How log lines are written. */
public enum LogFormat {
    JSON, TEXT;

    /** TEXT unless the text says JSON. */
    public static LogFormat fromString(String text) {
        return JSON.name().equalsIgnoreCase(text) ? JSON : TEXT;
    }
}
