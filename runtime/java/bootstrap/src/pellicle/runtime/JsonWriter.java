package pellicle.runtime;

import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Date;
import java.util.Map;
import java.util.Optional;

/** Objects to JSON text: maps, iterables, arrays, scalars, records, and anything with getters or public fields. */
final class JsonWriter {
    private static final int MAX_DEPTH = 1000; // a reference cycle ends here with an error

    private final StringBuilder out = new StringBuilder();
    private int depth;

    private JsonWriter() {
    }

    static byte[] write(Object value) {
        JsonWriter writer = new JsonWriter();
        writer.value(value);
        return writer.out.toString().getBytes(StandardCharsets.UTF_8);
    }

    private void value(Object value) {
        if (value == null) {
            out.append("null");
        } else if (value instanceof CharSequence || value instanceof Character) {
            string(value.toString());
        } else if (value instanceof JsonReader.Decimal) {
            out.append(((JsonReader.Decimal) value).text);
        } else if (value instanceof Double && !Double.isFinite((Double) value) || value instanceof Float && !Float.isFinite((Float) value)) {
            string(value.toString()); // NaN and infinities have no JSON number
        } else if (value instanceof Number && value.getClass().getName().startsWith("java.") || value instanceof Boolean) {
            out.append(value);
        } else if (value instanceof Enum) {
            string(((Enum<?>) value).name());
        } else if (value instanceof byte[]) {
            string(Base64.getEncoder().encodeToString((byte[]) value));
        } else if (value instanceof char[]) {
            string(new String((char[]) value));
        } else if (value instanceof ByteBuffer) {
            ByteBuffer copy = ((ByteBuffer) value).asReadOnlyBuffer();
            byte[] bytes = new byte[copy.remaining()];
            copy.get(bytes);
            string(Base64.getEncoder().encodeToString(bytes));
        } else if (value instanceof Date) {
            out.append(((Date) value).getTime());
        } else if (value instanceof Optional) {
            value(((Optional<?>) value).orElse(null));
        } else {
            nested(value);
        }
    }

    private void nested(Object value) {
        if (++depth > MAX_DEPTH) {
            throw new JsonException("the result is nested deeper than " + MAX_DEPTH + " or holds itself");
        }
        if (value instanceof Map) {
            map((Map<?, ?>) value);
        } else if (value instanceof Iterable && !(value instanceof java.nio.file.Path)) {
            iterable((Iterable<?>) value);
        } else if (value.getClass().isArray()) {
            array(value);
        } else if (value.getClass().getName().startsWith("java.") || value instanceof java.nio.file.Path) {
            string(value.toString()); // java.time, UUID, URI, ...: their text is their value
        } else {
            object(value);
        }
        depth--;
    }

    private void map(Map<?, ?> map) {
        char separator = '{';
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            out.append(separator);
            Object key = entry.getKey();
            if (key == null) {
                throw new JsonException("a map of the result has the key null");
            }
            string(key instanceof Enum ? ((Enum<?>) key).name() : key.toString());
            out.append(':');
            value(entry.getValue());
            separator = ',';
        }
        out.append(separator == '{' ? "{}" : "}");
    }

    private void iterable(Iterable<?> items) {
        char separator = '[';
        for (Object item : items) {
            out.append(separator);
            value(item);
            separator = ',';
        }
        out.append(separator == '[' ? "[]" : "]");
    }

    private void array(Object array) {
        out.append('[');
        for (int i = 0; i < Array.getLength(array); i++) {
            if (i > 0) {
                out.append(',');
            }
            value(Array.get(array, i));
        }
        out.append(']');
    }

    private void object(Object object) {
        char separator = '{';
        for (Properties.Property property : Properties.of(object.getClass()).all) {
            if (!property.readable()) {
                continue;
            }
            out.append(separator);
            string(property.name);
            out.append(':');
            try {
                value(property.get(object));
            } catch (InvocationTargetException error) {
                throw new JsonException("reading `" + property.name + "` of " + object.getClass().getName() + " failed: " + error.getCause(), error.getCause());
            } catch (ReflectiveOperationException error) {
                throw new JsonException("`" + property.name + "` of " + object.getClass().getName() + " cannot be read: " + error, error);
            }
            separator = ',';
        }
        out.append(separator == '{' ? "{}" : "}");
    }

    private void string(String text) {
        out.append('"');
        int written = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append(text, written, i).append('\\').append(c);
                written = i + 1;
            } else if (c < ' ' || Character.isSurrogate(c) && isLone(text, i)) {
                out.append(text, written, i);
                escape(c);
                written = i + 1;
            }
        }
        out.append(text, written, text.length()).append('"');
    }

    /** Half a surrogate pair has no UTF-8; its escape is valid JSON. */
    private static boolean isLone(String text, int i) {
        char c = text.charAt(i);
        return Character.isHighSurrogate(c)
            ? i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(i + 1))
            : i == 0 || !Character.isHighSurrogate(text.charAt(i - 1));
    }

    private void escape(char c) {
        int known = "\b\t\n\f\r".indexOf(c);
        if (known >= 0) {
            out.append('\\').append("btnfr".charAt(known));
            return;
        }
        out.append("\\u");
        for (int shift = 12; shift >= 0; shift -= 4) {
            out.append(Character.toUpperCase(Character.forDigit(c >> shift & 15, 16)));
        }
    }

    /** The same with everything outside ASCII escaped: for HTTP headers. */
    static String writeAscii(Object value) {
        JsonWriter writer = new JsonWriter();
        writer.value(value);
        JsonWriter ascii = new JsonWriter();
        for (int i = 0; i < writer.out.length(); i++) {
            char c = writer.out.charAt(i);
            if (c < 127) {
                ascii.out.append(c);
            } else {
                ascii.escape(c);
            }
        }
        return ascii.out.toString();
    }
}
