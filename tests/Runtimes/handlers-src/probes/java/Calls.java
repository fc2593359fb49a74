import com.amazonaws.services.dynamodbv2.model.transform.*;
import software.amazon.awssdk.services.dynamodb.transform.*;

/** Makes the requests of some operations, twice; prints what came of each. */
public class Calls {
    public static void main(String[] args) {
        for (int round = 0; round < 2; round++) {
            show("get", () -> new GetItemRequestMarshaller());
            show("scan", () -> new ScanRequestMarshaller());
            show("put", () -> new PutItemRequestProtocolMarshaller());
            show("part", () -> new PutRequestMarshaller());
        }
    }

    static void show(String name, Runnable call) {
        try {
            call.run();
            System.out.println(name + " ok");
        } catch (Throwable error) {
            System.out.println(name + " " + error.getClass().getName());
        }
    }
}
