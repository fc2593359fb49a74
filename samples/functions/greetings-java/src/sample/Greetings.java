package sample;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** Greets. Vulnerable on purpose: the name goes into a shell command. */
public final class Greetings {
    public Map<String, Object> handle(Map<String, Object> event) throws IOException, InterruptedException {
        Object query = event.get("queryStringParameters");
        String name = query instanceof Map<?, ?> map && map.get("name") != null ? map.get("name").toString() : "world";
        Process process = new ProcessBuilder("/bin/sh", "-c", "echo Hello " + name).redirectErrorStream(true).start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        process.waitFor();
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("statusCode", 200);
        answer.put("body", text);
        return answer;
    }
}
