package com.amazonaws.services.lambda.runtime;

/** The invoker's application. */
public interface Client {
    String getInstallationId();

    String getAppTitle();

    String getAppVersionName();

    String getAppVersionCode();

    String getAppPackageName();
}
