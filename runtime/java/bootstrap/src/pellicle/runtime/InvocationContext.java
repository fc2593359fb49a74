package pellicle.runtime;

import com.amazonaws.services.lambda.runtime.Client;
import com.amazonaws.services.lambda.runtime.ClientContext;
import com.amazonaws.services.lambda.runtime.CognitoIdentity;
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaLogger;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** One invocation. */
final class InvocationContext implements Context {
    private final RuntimeApi.Answer event;
    private final LambdaLogger logger;

    InvocationContext(RuntimeApi.Answer event, LambdaLogger logger) {
        this.event = event;
        this.logger = logger;
    }

    @Override
    public String getAwsRequestId() {
        return event.header("lambda-runtime-aws-request-id");
    }

    @Override
    public String getLogGroupName() {
        return System.getenv("AWS_LAMBDA_LOG_GROUP_NAME");
    }

    @Override
    public String getLogStreamName() {
        return System.getenv("AWS_LAMBDA_LOG_STREAM_NAME");
    }

    @Override
    public String getFunctionName() {
        return System.getenv("AWS_LAMBDA_FUNCTION_NAME");
    }

    @Override
    public String getFunctionVersion() {
        return System.getenv("AWS_LAMBDA_FUNCTION_VERSION");
    }

    @Override
    public String getInvokedFunctionArn() {
        return event.header("lambda-runtime-invoked-function-arn");
    }

    @Override
    public CognitoIdentity getIdentity() {
        final Map<?, ?> values = object("lambda-runtime-cognito-identity");
        if (values == null) {
            return null;
        }
        return new CognitoIdentity() {
            @Override
            public String getIdentityId() {
                return text(values, "cognitoIdentityId");
            }

            @Override
            public String getIdentityPoolId() {
                return text(values, "cognitoIdentityPoolId");
            }
        };
    }

    @Override
    public ClientContext getClientContext() {
        final Map<?, ?> values = object("lambda-runtime-client-context");
        if (values == null) {
            return null;
        }
        return new ClientContext() {
            @Override
            public Client getClient() {
                return values.get("client") instanceof Map ? client((Map<?, ?>) values.get("client")) : null;
            }

            @Override
            public Map<String, String> getCustom() {
                return texts(values.get("custom"));
            }

            @Override
            public Map<String, String> getEnvironment() {
                return texts(values.get("env"));
            }
        };
    }

    private static Client client(final Map<?, ?> values) {
        return new Client() {
            @Override
            public String getInstallationId() {
                return text(values, "installation_id");
            }

            @Override
            public String getAppTitle() {
                return text(values, "app_title");
            }

            @Override
            public String getAppVersionName() {
                return text(values, "app_version_name");
            }

            @Override
            public String getAppVersionCode() {
                return text(values, "app_version_code");
            }

            @Override
            public String getAppPackageName() {
                return text(values, "app_package_name");
            }
        };
    }

    @Override
    public int getRemainingTimeInMillis() {
        String deadline = event.header("lambda-runtime-deadline-ms");
        return deadline == null ? 0 : (int) Math.max(Long.parseLong(deadline) - System.currentTimeMillis(), 0);
    }

    @Override
    public int getMemoryLimitInMB() {
        String memory = System.getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
        return memory == null ? 0 : Integer.parseInt(memory);
    }

    @Override
    public LambdaLogger getLogger() {
        return logger;
    }

    @Override
    public String getTenantId() {
        return event.header("lambda-runtime-aws-tenant-id");
    }

    @Override
    public String getXrayTraceId() {
        return event.header("lambda-runtime-trace-id");
    }

    private Map<?, ?> object(String header) {
        String text = event.header(header);
        if (text == null || text.isEmpty()) {
            return null;
        }
        Object value = JsonReader.read(text);
        return value instanceof Map ? (Map<?, ?>) value : null;
    }

    private static String text(Map<?, ?> values, String name) {
        Object value = values.get(name);
        return value == null ? null : value.toString();
    }

    private static Map<String, String> texts(Object value) {
        if (!(value instanceof Map)) {
            return null;
        }
        Map<String, String> result = new LinkedHashMap<>();
        for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
            result.put((String) entry.getKey(), entry.getValue() == null ? null : entry.getValue().toString());
        }
        return Collections.unmodifiableMap(result);
    }
}
