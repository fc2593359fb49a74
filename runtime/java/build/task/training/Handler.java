package training;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.List;
import java.util.Map;

/** Touches what common handlers touch, and fails once. */
public final class Handler implements RequestHandler<Handler.Event, Map<String, Object>> {
    private int calls;

    public static final class Event {
        private String key;
        private Map<String, String> nested;
        public List<Object> list;

        public String getKey() {
            return key;
        }

        public void setKey(String value) {
            key = value;
        }

        public Map<String, String> getNested() {
            return nested;
        }

        public void setNested(Map<String, String> value) {
            nested = value;
        }
    }

    @Override
    public Map<String, Object> handleRequest(Event event, Context context) {
        context.getLogger().log("training " + context.getRemainingTimeInMillis());
        System.out.println(event.getKey());
        if (calls++ == 1) {
            throw new IllegalStateException("training");
        }
        return Map.of("event", event, "name", String.valueOf(context.getFunctionName()));
    }
}
