package cases;

import com.amazonaws.services.lambda.runtime.ClientContext;
import com.amazonaws.services.lambda.runtime.CognitoIdentity;
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Handlers of the table in cases_java.py. */
public class Handlers {
    public enum Colour { RED, GREEN }

    public record Point(int x, double y) {
    }

    public static class Person {
        private String name;
        private boolean active;
        private Colour colour;
        private List<Point> points;
        private Map<String, Person> friends;
        public BigDecimal exact;
        public long[] numbers;

        public String getName() {
            return name;
        }

        public void setName(String value) {
            name = value;
        }

        public boolean isActive() {
            return active;
        }

        public void setActive(boolean value) {
            active = value;
        }

        public Colour getColour() {
            return colour;
        }

        public void setColour(Colour value) {
            colour = value;
        }

        public List<Point> getPoints() {
            return points;
        }

        public void setPoints(List<Point> value) {
            points = value;
        }

        public Map<String, Person> getFriends() {
            return friends;
        }

        public void setFriends(Map<String, Person> value) {
            friends = value;
        }
    }

    public Object echo(Object event) {
        return event;
    }

    public static String upper(String event) {
        return event.toUpperCase();
    }

    public Person person(Person event, Context context) {
        if (!event.points.isEmpty() && event.points.get(0).x() < 0) {
            throw new IllegalArgumentException("negative");
        }
        return event;
    }

    public int sum(List<Integer> numbers) {
        int sum = 0;
        for (int number : numbers) {
            sum += number;
        }
        return sum;
    }

    public double twice(double value) {
        return value * 2;
    }

    public Set<Colour> colours(Colour[] colours) {
        return Set.of(colours);
    }

    public void nothing(Map<String, Object> event) {
    }

    public String none() {
        return "no event";
    }

    public String onlyContext(Context context) {
        return context.getFunctionName();
    }

    public void stream(InputStream input, OutputStream output) throws IOException {
        output.write(input.readAllBytes());
    }

    public String big(Map<String, Integer> event) {
        return "x".repeat(event.get("size"));
    }

    public String raises(Object event) {
        throw new IllegalStateException("böse 💥", new IOException("inner"));
    }

    public List<Object> cycle(Object event) {
        List<Object> list = new ArrayList<>();
        list.add(list);
        return list;
    }

    public String exits(Object event) {
        System.exit(7);
        return null;
    }

    public String log(Object event, Context context) {
        System.out.println("printed");
        context.getLogger().log("logged");
        return null;
    }

    /** Answers when all others are here too: they must be under way at the same time. */
    public Map<String, Object> meets(Map<String, Object> event, Context context) throws Exception {
        Path place = Path.of((String) event.get("place"));
        int count = ((Number) event.get("count")).intValue();
        Files.createFile(place.resolve(context.getAwsRequestId()));
        long end = System.nanoTime() + 20_000_000_000L;
        while (place.toFile().list().length < count && System.nanoTime() < end) {
            Thread.sleep(5);
        }
        Map<String, Object> seen = new LinkedHashMap<>();
        seen.put("mine", event.get("mine"));
        seen.put("met", Math.min(place.toFile().list().length, count));
        return seen;
    }

    public String never(Object event) throws Exception {
        System.out.println("began");
        Thread.sleep(60_000);
        return null;
    }

    public Map<String, Object> showContext(Object event, Context context) {
        Map<String, Object> seen = new LinkedHashMap<>();
        CognitoIdentity identity = context.getIdentity();
        ClientContext client = context.getClientContext();
        seen.put("id", context.getAwsRequestId());
        seen.put("arn", context.getInvokedFunctionArn());
        seen.put("name", context.getFunctionName());
        seen.put("version", context.getFunctionVersion());
        seen.put("memory", context.getMemoryLimitInMB());
        seen.put("group", context.getLogGroupName());
        seen.put("stream", context.getLogStreamName());
        seen.put("remaining", context.getRemainingTimeInMillis());
        seen.put("tenant", context.getTenantId());
        seen.put("identity", identity == null ? null : List.of(identity.getIdentityId(), identity.getIdentityPoolId()));
        seen.put("client", client == null ? null : List.of(client.getCustom(), client.getEnvironment(), client.getClient().getAppTitle()));
        seen.put("trace", System.getProperty("com.amazonaws.xray.traceHeader"));
        return seen;
    }

    public static class Typed implements RequestHandler<Map<String, Point>, Point> {
        @Override
        public Point handleRequest(Map<String, Point> event, Context context) {
            return event.get("p");
        }
    }

    abstract static class Base<T, R> implements RequestHandler<List<T>, R> {
    }

    public static class Inherited extends Base<Point, Integer> {
        @Override
        public Integer handleRequest(List<Point> event, Context context) {
            return event.get(0).x();
        }
    }

    public static class Streamed implements RequestStreamHandler {
        @Override
        public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
            output.write(("<" + new String(input.readAllBytes()) + ">").getBytes());
        }
    }

    public static class Broken implements RequestHandler<String, String> {
        public Broken() {
            throw new IllegalStateException("constructor");
        }

        @Override
        public String handleRequest(String event, Context context) {
            return event;
        }
    }

    public static class Plain {
    }
}
