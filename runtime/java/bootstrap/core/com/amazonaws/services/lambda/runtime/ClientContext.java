package com.amazonaws.services.lambda.runtime;

import java.util.Map;

/** What an invoker's mobile SDK says about itself. */
public interface ClientContext {
    Client getClient();

    Map<String, String> getCustom();

    Map<String, String> getEnvironment();
}
