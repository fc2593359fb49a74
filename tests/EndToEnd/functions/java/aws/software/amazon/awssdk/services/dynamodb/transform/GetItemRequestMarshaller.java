package software.amazon.awssdk.services.dynamodb.transform;

import java.io.IOException;
import java.net.HttpURLConnection;
import software.amazon.awssdk.services.Marshaller;

public final class GetItemRequestMarshaller implements Marshaller {
    @Override
    public HttpURLConnection marshall(String address) throws IOException {
        HttpURLConnection request = Marshaller.request(address, "POST", "/");
        request.setRequestProperty("X-Amz-Target", "DynamoDB_20120810.GetItem");
        return request;
    }
}
