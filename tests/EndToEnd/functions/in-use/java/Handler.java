package inuse;

import java.util.Map;

/** Uses two of its packages at once, a third when asked, a fourth never. */
public class Handler {
    public String handle(Map<String, Object> event) {
        String seen = used.Thing.name() + " " + shared.Thing.name();
        return event.containsKey("more") ? seen + " " + later.Thing.name() : seen;
    }
}
