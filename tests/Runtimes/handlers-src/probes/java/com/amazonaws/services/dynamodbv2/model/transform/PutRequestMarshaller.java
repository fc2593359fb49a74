package com.amazonaws.services.dynamodbv2.model.transform;

/** In version 1 a part of a request, and no operation. */
public class PutRequestMarshaller {}
