package software.amazon.awssdk.services.lambda.transform;

import java.io.IOException;
import java.net.HttpURLConnection;
import software.amazon.awssdk.services.Marshaller;

public final class UpdateFunctionCodeRequestMarshaller implements Marshaller {
    @Override
    public HttpURLConnection marshall(String address) throws IOException {
        HttpURLConnection request = Marshaller.request(address, "PUT", "/2015-03-31/functions/other/code");
        return request;
    }
}
