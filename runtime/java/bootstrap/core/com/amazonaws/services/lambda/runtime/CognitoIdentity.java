package com.amazonaws.services.lambda.runtime;

/** The Amazon Cognito identity that authorised the invocation. */
public interface CognitoIdentity {
    String getIdentityId();

    String getIdentityPoolId();
}
