package pellicle.runtime;

import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.HashMap;
import java.util.Map;

/** Generic types made concrete. */
final class Types {
    private Types() {
    }

    /** What the type variables of `type` and all its base types stand for. */
    static Map<TypeVariable<?>, Type> variables(Type type) {
        Map<TypeVariable<?>, Type> found = new HashMap<>();
        collect(type, found);
        return found;
    }

    private static void collect(Type type, Map<TypeVariable<?>, Type> found) {
        Class<?> raw;
        if (type instanceof ParameterizedType) {
            ParameterizedType parameterized = (ParameterizedType) type;
            raw = (Class<?>) parameterized.getRawType();
            TypeVariable<?>[] names = raw.getTypeParameters();
            Type[] values = parameterized.getActualTypeArguments();
            for (int i = 0; i < names.length; i++) {
                found.put(names[i], resolve(values[i], found));
            }
        } else if (type instanceof Class) {
            raw = (Class<?>) type;
        } else {
            return;
        }
        if (raw.getGenericSuperclass() != null) {
            collect(raw.getGenericSuperclass(), found);
        }
        for (Type parent : raw.getGenericInterfaces()) {
            collect(parent, found);
        }
    }

    /** Follows variables and wildcards until a class, a parameterised type or an array is left. */
    static Type resolve(Type type, Map<TypeVariable<?>, Type> variables) {
        for (int step = 0; step < 32; step++) { // a variable may be bound to itself by a raw type
            if (type instanceof TypeVariable) {
                Type value = variables.get(type);
                type = value != null && value != type ? value : ((TypeVariable<?>) type).getBounds()[0];
            } else if (type instanceof WildcardType) {
                type = ((WildcardType) type).getUpperBounds()[0];
            } else {
                return type;
            }
        }
        return Object.class;
    }

    static Class<?> raw(Type type) {
        if (type instanceof Class) {
            return (Class<?>) type;
        }
        if (type instanceof ParameterizedType) {
            return (Class<?>) ((ParameterizedType) type).getRawType();
        }
        if (type instanceof GenericArrayType) {
            return java.lang.reflect.Array.newInstance(raw(((GenericArrayType) type).getGenericComponentType()), 0).getClass();
        }
        return Object.class;
    }
}
