package com.amazonaws.services.lambda.runtime;

/** The logger, for code that is not handed a context. */
public interface LambdaRuntime {
    LambdaLogger logger = LambdaRuntimeInternal.FORWARDING;

    static LambdaLogger getLogger() {
        return logger;
    }
}
