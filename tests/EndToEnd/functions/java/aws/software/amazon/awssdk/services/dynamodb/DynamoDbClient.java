package software.amazon.awssdk.services.dynamodb;

import java.io.IOException;
import software.amazon.awssdk.services.Marshaller;
import software.amazon.awssdk.services.dynamodb.transform.GetItemRequestMarshaller;
import software.amazon.awssdk.services.dynamodb.transform.ScanRequestMarshaller;

public final class DynamoDbClient {
    private final String address;

    public DynamoDbClient(String address) {
        this.address = address;
    }

    public String scan() throws IOException {
        return Marshaller.execute(new ScanRequestMarshaller(), address);
    }

    public String getItem() throws IOException {
        return Marshaller.execute(new GetItemRequestMarshaller(), address);
    }
}
