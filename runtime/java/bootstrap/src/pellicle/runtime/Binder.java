package pellicle.runtime;

import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.Date;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** What JsonReader read, as an object of the handler's type. */
final class Binder {
    private Binder() {
    }

    static Object bind(Object json, Type type, Map<TypeVariable<?>, Type> variables) {
        Type target = Types.resolve(type, variables);
        Class<?> raw = Types.raw(target);
        if (json == null) {
            if (raw.isPrimitive()) {
                return bindNumber(0, raw);
            }
            return null;
        }
        if (raw == Object.class) {
            return natural(json);
        }
        if (raw == String.class || raw == CharSequence.class) {
            if (json instanceof Map || json instanceof List) {
                throw mismatch(json, raw);
            }
            return json instanceof JsonReader.Decimal ? ((JsonReader.Decimal) json).text : json.toString();
        }
        if (raw.isPrimitive() || Number.class.isAssignableFrom(raw) || raw == Boolean.class || raw == Character.class) {
            return bindScalar(json, raw);
        }
        if (raw.isEnum()) {
            return bindEnum(json, raw);
        }
        if (raw.isArray()) {
            return bindArray(json, target, raw, variables);
        }
        if (Collection.class.isAssignableFrom(raw) || raw == Iterable.class) {
            return bindCollection(json, target, raw, variables);
        }
        if (Map.class.isAssignableFrom(raw)) {
            return bindMap(json, target, raw, variables);
        }
        if (json instanceof Map) {
            return bindObject((Map<?, ?>) json, target, raw, variables);
        }
        return bindFromText(json, raw);
    }

    private static Object natural(Object json) {
        if (json instanceof JsonReader.Decimal) {
            return ((JsonReader.Decimal) json).doubleValue();
        }
        if (json instanceof Map) {
            Map<String, Object> copy = new LinkedHashMap<>();
            for (Map.Entry<?, ?> entry : ((Map<?, ?>) json).entrySet()) {
                copy.put((String) entry.getKey(), natural(entry.getValue()));
            }
            return copy;
        }
        if (json instanceof List) {
            List<Object> copy = new ArrayList<>();
            for (Object item : (List<?>) json) {
                copy.add(natural(item));
            }
            return copy;
        }
        return json;
    }

    private static Object bindScalar(Object json, Class<?> raw) {
        if (raw == boolean.class || raw == Boolean.class) {
            if (json instanceof Boolean) {
                return json;
            }
            if ("true".equals(json) || "false".equals(json)) {
                return "true".equals(json);
            }
            throw mismatch(json, raw);
        }
        if (raw == char.class || raw == Character.class) {
            if (json instanceof String && ((String) json).length() == 1) {
                return ((String) json).charAt(0);
            }
            throw mismatch(json, raw);
        }
        if (json instanceof String) {
            try {
                json = new JsonReader.Decimal(new BigDecimal(((String) json).trim()).toString());
            } catch (NumberFormatException error) {
                throw mismatch(json, raw);
            }
        }
        if (!(json instanceof Number)) {
            throw mismatch(json, raw);
        }
        return bindNumber((Number) json, raw);
    }

    private static Object bindNumber(Number number, Class<?> raw) {
        if (raw == double.class || raw == Double.class) {
            return number.doubleValue();
        }
        if (raw == float.class || raw == Float.class) {
            return number.floatValue();
        }
        if (raw == boolean.class) {
            return false;
        }
        if (raw == char.class) {
            return '\0';
        }
        BigDecimal exact = number instanceof JsonReader.Decimal ? ((JsonReader.Decimal) number).exact() : new BigDecimal(number.toString());
        if (raw == BigDecimal.class) {
            return exact;
        }
        if (raw == Number.class) {
            return number instanceof JsonReader.Decimal ? (Number) number.doubleValue() : number;
        }
        if (exact.scale() < -400) {
            throw new JsonException("the number `" + exact + "` is out of range"); // toBigInteger would write all its zeros
        }
        BigInteger whole = exact.toBigInteger(); // a fraction is cut off
        if (raw == BigInteger.class) {
            return whole;
        }
        int bits = raw == long.class || raw == Long.class ? 64 : raw == int.class || raw == Integer.class ? 32
            : raw == short.class || raw == Short.class ? 16 : raw == byte.class || raw == Byte.class ? 8 : 0;
        if (bits == 0) {
            return bindFromText(number.toString(), raw); // AtomicLong and the like have a constructor or nothing
        }
        if (whole.bitLength() >= bits) {
            throw new JsonException("the number `" + whole + "` is out of range for " + raw.getName());
        }
        switch (bits) {
            case 64:
                return whole.longValue();
            case 32:
                return whole.intValue();
            case 16:
                return whole.shortValue();
            default:
                return whole.byteValue();
        }
    }

    private static Object bindEnum(Object json, Class<?> raw) {
        if (json instanceof String) {
            for (Object constant : raw.getEnumConstants()) {
                if (((Enum<?>) constant).name().equals(json)) {
                    return constant;
                }
            }
        } else if (json instanceof Integer && (int) json >= 0 && (int) json < raw.getEnumConstants().length) {
            return raw.getEnumConstants()[(int) json];
        }
        throw new JsonException("`" + json + "` is not one of the values of " + raw.getName());
    }

    private static Object bindArray(Object json, Type target, Class<?> raw, Map<TypeVariable<?>, Type> variables) {
        if (raw == byte[].class && json instanceof String) {
            return base64((String) json);
        }
        if (raw == char[].class && json instanceof String) {
            return ((String) json).toCharArray();
        }
        Type item = target instanceof GenericArrayType ? ((GenericArrayType) target).getGenericComponentType() : raw.getComponentType();
        List<?> list = list(json, raw);
        Object array = Array.newInstance(Types.raw(Types.resolve(item, variables)), list.size());
        for (int i = 0; i < list.size(); i++) {
            Array.set(array, i, bind(list.get(i), item, variables));
        }
        return array;
    }

    @SuppressWarnings("unchecked")
    private static Object bindCollection(Object json, Type target, Class<?> raw, Map<TypeVariable<?>, Type> variables) {
        Type item = Object.class;
        if (target instanceof ParameterizedType) {
            item = ((ParameterizedType) target).getActualTypeArguments()[0];
        }
        Collection<Object> result;
        if (!raw.isInterface() && !Modifier.isAbstract(raw.getModifiers())) {
            result = (Collection<Object>) create(raw);
        } else if (SortedSet.class.isAssignableFrom(raw)) {
            result = new TreeSet<>();
        } else if (Set.class.isAssignableFrom(raw)) {
            result = new LinkedHashSet<>();
        } else if (raw == Queue.class || raw == Deque.class) {
            result = new ArrayDeque<>();
        } else {
            result = new ArrayList<>();
        }
        for (Object element : list(json, raw)) {
            result.add(bind(element, item, variables));
        }
        return result;
    }

    @SuppressWarnings("unchecked")
    private static Object bindMap(Object json, Type target, Class<?> raw, Map<TypeVariable<?>, Type> variables) {
        if (!(json instanceof Map)) {
            throw mismatch(json, raw);
        }
        Type key = Object.class;
        Type value = Object.class;
        if (target instanceof ParameterizedType && ((ParameterizedType) target).getActualTypeArguments().length == 2) {
            key = ((ParameterizedType) target).getActualTypeArguments()[0];
            value = ((ParameterizedType) target).getActualTypeArguments()[1];
        }
        Map<Object, Object> result;
        if (!raw.isInterface() && !Modifier.isAbstract(raw.getModifiers())) {
            result = (Map<Object, Object>) create(raw);
        } else {
            result = SortedMap.class.isAssignableFrom(raw) ? new TreeMap<>() : new LinkedHashMap<>();
        }
        for (Map.Entry<?, ?> entry : ((Map<?, ?>) json).entrySet()) {
            result.put(bind(entry.getKey(), key, variables), bind(entry.getValue(), value, variables));
        }
        return result;
    }

    private static Object bindObject(Map<?, ?> json, Type target, Class<?> raw, Map<TypeVariable<?>, Type> outer) {
        Map<TypeVariable<?>, Type> variables = Types.variables(target);
        for (Map.Entry<TypeVariable<?>, Type> entry : variables.entrySet()) {
            entry.setValue(Types.resolve(entry.getValue(), outer));
        }
        Properties properties = Properties.of(raw);
        if (properties.record != null) {
            return bindRecord(json, raw, properties, variables);
        }
        Object result = create(raw);
        for (Map.Entry<?, ?> entry : json.entrySet()) {
            Properties.Property property = properties.find((String) entry.getKey());
            Type type = property == null ? null : property.settableType();
            if (type == null) {
                continue; // unknown properties are ignored, as the managed runtime does
            }
            Object value = bind(entry.getValue(), type, variables);
            try {
                property.set(result, value);
            } catch (InvocationTargetException error) {
                throw new JsonException("setting `" + property.name + "` of " + raw.getName() + " failed: " + error.getCause(), error.getCause());
            } catch (ReflectiveOperationException error) {
                throw new JsonException("`" + property.name + "` of " + raw.getName() + " cannot be set: " + error, error);
            }
        }
        return result;
    }

    private static Object bindRecord(Map<?, ?> json, Class<?> raw, Properties properties, Map<TypeVariable<?>, Type> variables) {
        RecordComponent[] components = properties.record;
        Class<?>[] types = new Class<?>[components.length];
        Object[] values = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            types[i] = components[i].getType();
            values[i] = bind(json.get(components[i].getName()), components[i].getGenericType(), variables);
        }
        try {
            Constructor<?> constructor = raw.getDeclaredConstructor(types);
            constructor.setAccessible(true);
            return constructor.newInstance(values);
        } catch (InvocationTargetException error) {
            throw new JsonException("creating " + raw.getName() + " failed: " + error.getCause(), error.getCause());
        } catch (ReflectiveOperationException error) {
            throw new JsonException(raw.getName() + " cannot be created: " + error, error);
        }
    }

    private static Object bindFromText(Object json, Class<?> raw) {
        if (raw == Date.class && json instanceof Number) {
            return new Date(((Number) json).longValue());
        }
        if (raw == ByteBuffer.class && json instanceof String) {
            return ByteBuffer.wrap(base64((String) json));
        }
        String text = json instanceof JsonReader.Decimal ? ((JsonReader.Decimal) json).text : json.toString();
        if (raw == Date.class) {
            return Date.from(java.time.OffsetDateTime.parse(text).toInstant());
        }
        if (json instanceof List) {
            throw mismatch(json, raw);
        }
        try {
            Object made = fromText(text, raw);
            if (made != null) {
                return made;
            }
        } catch (InvocationTargetException error) {
            throw new JsonException("`" + text + "` is no " + raw.getName() + ": " + error.getCause(), error.getCause());
        } catch (ReflectiveOperationException error) {
            throw new JsonException(raw.getName() + " cannot be created: " + error, error);
        }
        throw mismatch(json, raw);
    }

    /** By a static parse or valueOf, or a constructor, that takes the text: java.time, UUID, Joda and many others. */
    private static Object fromText(String text, Class<?> raw) throws ReflectiveOperationException {
        for (String name : new String[] {"parse", "valueOf", "fromString", "of", "create"}) {
            for (Method method : raw.getMethods()) {
                if (method.getName().equals(name) && Modifier.isStatic(method.getModifiers()) && method.getParameterCount() == 1
                    && raw.isAssignableFrom(method.getReturnType()) && method.getParameterTypes()[0].isAssignableFrom(String.class)) {
                    return method.invoke(null, text);
                }
            }
        }
        if (Modifier.isAbstract(raw.getModifiers())) {
            return null;
        }
        for (Constructor<?> constructor : raw.getConstructors()) {
            if (constructor.getParameterCount() == 1 && constructor.getParameterTypes()[0] == String.class) {
                return constructor.newInstance(text);
            }
        }
        return null;
    }

    private static Object create(Class<?> raw) {
        try {
            Constructor<?> constructor = raw.getDeclaredConstructor();
            constructor.setAccessible(true);
            return constructor.newInstance();
        } catch (InvocationTargetException error) {
            throw new JsonException("creating " + raw.getName() + " failed: " + error.getCause(), error.getCause());
        } catch (ReflectiveOperationException | RuntimeException error) {
            throw new JsonException(raw.getName() + " cannot be created; it needs a constructor without parameters", error);
        }
    }

    private static byte[] base64(String text) {
        try {
            return Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException error) {
            throw new JsonException("not base64: " + error.getMessage(), error);
        }
    }

    private static List<?> list(Object json, Class<?> raw) {
        if (!(json instanceof List)) {
            throw mismatch(json, raw);
        }
        return (List<?>) json;
    }

    private static JsonException mismatch(Object json, Class<?> raw) {
        String kind = json instanceof Map ? "an object" : json instanceof List ? "an array" : json instanceof String ? "a text"
            : json instanceof Boolean ? "a boolean" : "a number";
        return new JsonException("cannot read " + kind + " as " + raw.getName());
    }
}
