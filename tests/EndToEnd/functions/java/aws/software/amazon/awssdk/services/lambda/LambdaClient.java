package software.amazon.awssdk.services.lambda;

import java.io.IOException;
import software.amazon.awssdk.services.Marshaller;
import software.amazon.awssdk.services.lambda.transform.InvokeRequestMarshaller;
import software.amazon.awssdk.services.lambda.transform.UpdateFunctionCodeRequestMarshaller;

public final class LambdaClient {
    private final String address;

    public LambdaClient(String address) {
        this.address = address;
    }

    public String invoke() throws IOException {
        return Marshaller.execute(new InvokeRequestMarshaller(), address);
    }

    public String updateFunctionCode() throws IOException {
        return Marshaller.execute(new UpdateFunctionCodeRequestMarshaller(), address);
    }
}
