import java.io.*;
import java.util.*;

/** Writes and reads objects back; prints what came of each. */
public class Streams {
    static final class Node implements Serializable {
        Node next;
    }

    static final class Wrapped implements Serializable {
        final Map<String, Object> values = new HashMap<>();
    }

    public static void main(String[] args) throws Exception {
        Object gadget = new org.apache.commons.collections.functors.Gadget();
        Wrapped inside = new Wrapped();
        inside.values.put("k", List.of(1, gadget));
        show("gadget", gadget);
        show("inside", inside);
        show("array", new Object[] {gadget});
        show("own-gadget", gadget);
        show("own-plain", new ArrayList<>(List.of(1, "a")));
        show("exception", new javax.management.BadAttributeValueExpException("x"));
        show("chain", chain(5000));

        Wrapped plain = new Wrapped();
        plain.values.put("k", new ArrayList<>(Collections.nCopies(50000, "v")));
        show("plain", plain);
        show("ordinary", new TreeMap<>(Map.of(1, new java.math.BigDecimal("1.5"), 2, java.time.Instant.EPOCH, 3, Locale.ROOT)));
        show("nested", chain(800));
        show("bytes", new byte[30_000_000]);
        show("error", new IOException("x", new IllegalStateException("y")));
        show("proxy", java.lang.reflect.Proxy.newProxyInstance(Streams.class.getClassLoader(), new Class<?>[] {Comparable.class}, new Handler()));
    }

    static final class Handler implements java.lang.reflect.InvocationHandler, Serializable {
        public Object invoke(Object proxy, java.lang.reflect.Method method, Object[] args) {
            return 0;
        }
    }

    static Node chain(int length) {
        Node node = null;
        for (int i = 0; i < length; i++) {
            Node next = new Node();
            next.next = node;
            node = next;
        }
        return node;
    }

    /** Finds classes by a loader of its own, as many frameworks do. */
    static final class OwnStream extends ObjectInputStream {
        OwnStream(InputStream from) throws IOException {
            super(from);
        }

        @Override
        protected Class<?> resolveClass(ObjectStreamClass described) throws ClassNotFoundException {
            return Class.forName(described.getName(), false, Streams.class.getClassLoader());
        }
    }

    static void show(String name, Object value) throws Exception {
        // A large stack, so that what ends a deep chain is the filter and not the thread.
        Thread thread = new Thread(null, () -> {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
                out.writeObject(value);
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
            InputStream from = new ByteArrayInputStream(bytes.toByteArray());
            try (ObjectInputStream in = name.startsWith("own") ? new OwnStream(from) : new ObjectInputStream(from)) {
                System.out.println(name + " " + (in.readObject().getClass() == value.getClass() ? "same" : "other"));
            } catch (IOException | ClassNotFoundException error) {
                System.out.println(name + " " + error.getMessage());
            }
        }, "reader", 256L << 20);
        thread.start();
        thread.join();
    }
}
