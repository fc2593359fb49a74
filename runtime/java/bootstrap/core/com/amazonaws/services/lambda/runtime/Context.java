package com.amazonaws.services.lambda.runtime;

/** What a handler can learn about its function, its environment and the invocation under way. */
public interface Context {
    String getAwsRequestId();

    String getLogGroupName();

    String getLogStreamName();

    String getFunctionName();

    String getFunctionVersion();

    String getInvokedFunctionArn();

    /** Null unless the invoker was authenticated by Amazon Cognito. */
    CognitoIdentity getIdentity();

    /** Null unless the invoker sent one. */
    ClientContext getClientContext();

    int getRemainingTimeInMillis();

    int getMemoryLimitInMB();

    LambdaLogger getLogger();

    /** Null unless the function isolates tenants. */
    default String getTenantId() {
        return null;
    }

    /** Null outside X-Ray. */
    default String getXrayTraceId() {
        return null;
    }
}
