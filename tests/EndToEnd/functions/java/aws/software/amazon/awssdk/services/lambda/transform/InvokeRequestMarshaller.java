package software.amazon.awssdk.services.lambda.transform;

import java.io.IOException;
import java.net.HttpURLConnection;
import software.amazon.awssdk.services.Marshaller;

public final class InvokeRequestMarshaller implements Marshaller {
    @Override
    public HttpURLConnection marshall(String address) throws IOException {
        HttpURLConnection request = Marshaller.request(address, "POST", "/2015-03-31/functions/other/invocations");
        return request;
    }
}
