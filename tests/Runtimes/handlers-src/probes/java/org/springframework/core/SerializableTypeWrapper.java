package org.springframework.core;

/** Named as Spring's own: its interfaces are looked up by every proxy of a type. */
public class SerializableTypeWrapper {
    public interface SerializableTypeProxy {
    }

    static final class MethodInvokeTypeProvider {
    }
}
