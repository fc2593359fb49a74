package pellicle.runtime;

import com.amazonaws.services.lambda.runtime.LambdaRuntimeInternal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/** Loads the handler, then loops next, handler, response or error. No lambdas and no string templates: they cost start time. */
public final class Main {
    private static final String TRACE_PROPERTY = "com.amazonaws.xray.traceHeader";

    private Main() {
    }

    public static void main(String[] arguments) throws Exception {
        String name = arguments.length > 0 ? arguments[arguments.length - 1] : System.getenv("_HANDLER");
        Log log = new Log();
        log.replaceStandardStreams();
        LambdaRuntimeInternal.setLogger(log);
        limitNegativeNameCache();
        RuntimeApi api = new RuntimeApi(System.getenv("AWS_LAMBDA_RUNTIME_API"));
        String taskRoot = System.getenv("LAMBDA_TASK_ROOT");
        ClassLoader loader = HandlerLoader.customerLoader(taskRoot == null ? "/var/task" : taskRoot);
        Thread.currentThread().setContextClassLoader(loader);
        Handler handler = null;
        Throwable missing = null; // told at the first invocation, as the managed runtime does
        try {
            handler = HandlerLoader.load(name == null ? "" : name, loader);
        } catch (ClassNotFoundException error) {
            error.setStackTrace(new StackTraceElement[0]);
            missing = error;
        } catch (Throwable error) {
            ErrorReport report = new ErrorReport(ErrorReport.BAD_CODE, error);
            log.log(report.toText());
            api.initError(report);
            System.exit(1);
        }
        if ("snap-start".equals(System.getenv("AWS_LAMBDA_INITIALIZATION_TYPE"))) {
            api.restoreNext();
        }
        try {
            run(api, log, handler, missing);
        } catch (IOException error) {
            System.err.println("the Runtime API failed: " + error.getMessage());
            System.exit(1);
        }
    }

    private static void run(RuntimeApi api, Log log, Handler handler, Throwable missing) throws IOException {
        while (true) {
            RuntimeApi.Answer event = api.next();
            InvocationContext context = new InvocationContext(event, log);
            String requestId = context.getAwsRequestId();
            log.setRequestId(requestId);
            if (context.getXrayTraceId() != null) {
                System.setProperty(TRACE_PROPERTY, context.getXrayTraceId());
            } else {
                System.clearProperty(TRACE_PROPERTY);
            }
            Answer answer = new Answer();
            try {
                if (missing != null) {
                    throw missing;
                }
                handler.handle(event.body, answer, context);
            } catch (Throwable error) {
                ErrorReport report = new ErrorReport(missing != null ? ErrorReport.BAD_CODE : ErrorReport.USER_EXCEPTION, error);
                log.log(report.toText());
                api.error(requestId, report);
                if (error instanceof VirtualMachineError) {
                    System.exit(1); // out of memory and the like: the next invocation gets a new process
                }
                continue;
            }
            api.respond(requestId, answer.bytes(), answer.size());
        }
    }

    /** A name that was not found is asked for again after a second: networks change under a frozen sandbox. */
    private static void limitNegativeNameCache() {
        String seconds = System.getenv("AWS_LAMBDA_JAVA_NETWORKADDRESS_CACHE_NEGATIVE_TTL");
        java.security.Security.setProperty("networkaddress.cache.negative.ttl", seconds == null ? "1" : seconds);
    }

    /** Hands out its buffer without a copy. */
    private static final class Answer extends ByteArrayOutputStream {
        byte[] bytes() {
            return buf;
        }
    }
}
