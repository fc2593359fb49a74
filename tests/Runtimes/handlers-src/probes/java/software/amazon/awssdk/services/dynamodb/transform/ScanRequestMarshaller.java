package software.amazon.awssdk.services.dynamodb.transform;

/** Named as in version 2 of AWS's client. */
public class ScanRequestMarshaller {}
