package software.amazon.awssdk.services;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/** A stand-in with the class names of AWS's client for Java, which none of the registries has that the tests use. What makes a request has, as there, a class of its own for each operation. */
public interface Marshaller {
    HttpURLConnection marshall(String address) throws IOException;

    static HttpURLConnection request(String address, String method, String path) throws IOException {
        HttpURLConnection request = (HttpURLConnection) URI.create(address + path).toURL().openConnection();
        request.setRequestMethod(method);
        request.setDoOutput(true);
        return request;
    }

    static String execute(Marshaller marshaller, String address) throws IOException {
        HttpURLConnection request = marshaller.marshall(address);
        request.getOutputStream().write("{}".getBytes(StandardCharsets.UTF_8));
        return new String(request.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
}
