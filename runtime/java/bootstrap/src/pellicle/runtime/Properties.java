package pellicle.runtime;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The JSON properties of a class: public fields, getters and setters, record components. Ours, not java.util's. */
final class Properties {
    static final class Property {
        final String name;
        Method getter;
        Method setter;
        Field field;

        Property(String name) {
            this.name = name;
        }

        Object get(Object owner) throws ReflectiveOperationException {
            return getter != null ? getter.invoke(owner) : field.get(owner);
        }

        boolean readable() {
            return getter != null || field != null;
        }

        /** Null when the property can only be read. */
        Type settableType() {
            if (setter != null) {
                return setter.getGenericParameterTypes()[0];
            }
            return field != null && !Modifier.isFinal(field.getModifiers()) ? field.getGenericType() : null;
        }

        void set(Object owner, Object value) throws ReflectiveOperationException {
            if (setter != null) {
                setter.invoke(owner, value);
            } else {
                field.set(owner, value);
            }
        }
    }

    private static final Map<Class<?>, Properties> CACHE = new ConcurrentHashMap<>();

    final List<Property> all;
    final RecordComponent[] record;
    private final Map<String, Property> byName = new HashMap<>();

    private Properties(List<Property> all, RecordComponent[] record) {
        this.all = all;
        this.record = record;
        for (Property property : all) {
            byName.put(property.name, property);
        }
        for (Property property : all) {
            byName.putIfAbsent(property.name.toLowerCase(java.util.Locale.ROOT), property);
        }
    }

    /** Exact, else without regard to case: the platform's own event classes read `Records` into `records`. */
    Property find(String name) {
        Property property = byName.get(name);
        return property != null ? property : byName.get(name.toLowerCase(java.util.Locale.ROOT));
    }

    static Properties of(Class<?> type) {
        Properties known = CACHE.get(type);
        if (known == null) {
            known = discover(type);
            CACHE.put(type, known);
        }
        return known;
    }

    private static Properties discover(Class<?> type) {
        Map<String, Property> found = new LinkedHashMap<>();
        // Declared order, fields of the base class first; methods have no order of their own.
        List<Class<?>> chain = new ArrayList<>();
        for (Class<?> at = type; at != null && at != Object.class; at = at.getSuperclass()) {
            chain.add(0, at);
        }
        for (Class<?> at : chain) {
            for (Field field : at.getDeclaredFields()) {
                if (Modifier.isStatic(field.getModifiers()) || Modifier.isTransient(field.getModifiers())) {
                    continue;
                }
                Property property = new Property(field.getName());
                if (Modifier.isPublic(field.getModifiers())) {
                    field.setAccessible(true);
                    property.field = field;
                }
                found.put(property.name, property);
            }
        }
        RecordComponent[] record = type.isRecord() ? type.getRecordComponents() : null;
        if (record != null) {
            for (RecordComponent component : record) {
                component.getAccessor().setAccessible(true);
                found.get(component.getName()).getter = component.getAccessor();
            }
        }
        Method[] methods = type.getMethods();
        Arrays.sort(methods, new Comparator<Method>() {
            @Override
            public int compare(Method left, Method right) {
                return left.getName().compareTo(right.getName());
            }
        });
        for (Method method : methods) {
            add(found, method);
        }
        List<Property> usable = new ArrayList<>();
        for (Property property : found.values()) {
            if (property.readable() || property.settableType() != null) {
                usable.add(property);
            }
        }
        return new Properties(usable, record);
    }

    private static void add(Map<String, Property> found, Method method) {
        String name = method.getName();
        if (Modifier.isStatic(method.getModifiers()) || method.isBridge() || method.getDeclaringClass() == Object.class) {
            return;
        }
        boolean getter = method.getParameterCount() == 0 && method.getReturnType() != void.class
            && (isPrefixed(name, "get") || isPrefixed(name, "is") && isBoolean(method.getReturnType()));
        boolean setter = method.getParameterCount() == 1 && isPrefixed(name, "set");
        if (!getter && !setter) {
            return;
        }
        String property = decapitalise(name.substring(name.startsWith("is") ? 2 : 3));
        Property entry = found.get(property);
        if (entry == null) {
            // A boolean field `isBase64Encoded` with the getter `isBase64Encoded` gives `base64Encoded`, as bean rules say.
            entry = new Property(property);
            found.put(property, entry);
        }
        method.setAccessible(true);
        if (getter && entry.getter == null) {
            entry.getter = method;
        } else if (setter && (entry.setter == null || matches(entry, method))) {
            entry.setter = method;
        }
    }

    /** Of overloaded setters the one that takes what the getter returns. */
    private static boolean matches(Property property, Method setter) {
        return property.getter != null && setter.getParameterTypes()[0] == property.getter.getReturnType();
    }

    private static boolean isPrefixed(String name, String prefix) {
        return name.length() > prefix.length() && name.startsWith(prefix) && !Character.isLowerCase(name.charAt(prefix.length()));
    }

    private static boolean isBoolean(Class<?> type) {
        return type == boolean.class || type == Boolean.class;
    }

    /** `Name` to `name`, `URL` to `url`: all capitals at the front are lowered, as the managed runtime's serialiser does. */
    private static String decapitalise(String name) {
        char[] letters = name.toCharArray();
        for (int i = 0; i < letters.length && Character.isUpperCase(letters[i]); i++) {
            letters[i] = Character.toLowerCase(letters[i]);
        }
        return new String(letters);
    }
}
