package com.amazonaws.services.dynamodbv2.model.transform;

/** Named as in version 1 of AWS's client. */
public class PutItemRequestProtocolMarshaller {}
