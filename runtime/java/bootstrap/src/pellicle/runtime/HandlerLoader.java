package pellicle.runtime;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.CustomPojoSerializer;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;

/** Finds what a handler string names: `package.Class` or `package.Class::method`. */
final class HandlerLoader {
    private static final String LAYER_JARS = "/opt/java/lib";

    private HandlerLoader() {
    }

    /** Function, its libraries, then layers; the runtime's own classes go first through the parent. */
    static ClassLoader customerLoader(String taskRoot) throws MalformedURLException {
        List<URL> urls = new ArrayList<>();
        urls.add(new File(taskRoot + "/").toURI().toURL());
        addJars(urls, new File(taskRoot, "lib"));
        addJars(urls, new File(LAYER_JARS));
        return new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getSystemClassLoader());
    }

    private static void addJars(List<URL> urls, File directory) throws MalformedURLException {
        String[] names = directory.list();
        if (names == null) {
            return;
        }
        Arrays.sort(names);
        for (String name : names) {
            File file = new File(directory, name);
            if (name.endsWith(".jar") && file.isFile()) {
                urls.add(file.toURI().toURL());
            }
        }
    }

    /** Throws ClassNotFoundException, BadHandlerException, or what the handler's constructor or static code throws. */
    static Handler load(String name, ClassLoader loader) throws Throwable {
        int colons = name.indexOf("::");
        String className = colons < 0 ? name : name.substring(0, colons);
        String methodName = colons < 0 ? null : name.substring(colons + 2);
        Class<?> type;
        try {
            type = Class.forName(className, true, loader);
        } catch (ClassNotFoundException error) {
            throw new ClassNotFoundException("Class not found: " + className);
        }
        if (methodName == null) {
            if (RequestStreamHandler.class.isAssignableFrom(type)) {
                return new StreamHandler((RequestStreamHandler) create(type));
            }
            if (!RequestHandler.class.isAssignableFrom(type)) {
                throw new BadHandlerException("Class " + className + " does not implement an appropriate handler interface or define a main method");
            }
            methodName = "handleRequest";
            Map<TypeVariable<?>, Type> variables = Types.variables(type);
            Method method = RequestHandler.class.getMethod(methodName, Object.class, Context.class);
            return new ObjectHandler(create(type), method, RequestHandler.class.getTypeParameters()[0], variables, loader);
        }
        Method method = findMethod(type, methodName);
        if (method == null) {
            throw new BadHandlerException(
                "No public method named " + methodName + " with appropriate method signature found on class " + className);
        }
        method.setAccessible(true);
        Object target = Modifier.isStatic(method.getModifiers()) ? null : create(type);
        Class<?>[] parameters = method.getParameterTypes();
        if (parameters.length > 1 && parameters[0] == InputStream.class && parameters[1] == OutputStream.class) {
            return new StreamMethod(target, method);
        }
        Type input = parameters.length == 0 || parameters[0] == Context.class ? null : method.getGenericParameterTypes()[0];
        return new ObjectHandler(target, method, input, Types.variables(type), loader);
    }

    /** Of several methods with the name: the one with a context, then the one with more parameters. */
    private static Method findMethod(Class<?> type, String name) {
        Method best = null;
        for (Method method : type.getMethods()) {
            if (method.getName().equals(name) && !method.isBridge() && isCallable(method.getParameterTypes())
                && (best == null || rank(method) > rank(best))) {
                best = method;
            }
        }
        return best;
    }

    private static boolean isCallable(Class<?>[] p) {
        boolean streams = p.length >= 2 && p[0] == InputStream.class && p[1] == OutputStream.class;
        return p.length <= 1 || p.length == 2 && (streams || p[1] == Context.class) || p.length == 3 && streams && p[2] == Context.class;
    }

    private static int rank(Method method) {
        Class<?>[] p = method.getParameterTypes();
        boolean context = p.length > 0 && p[p.length - 1] == Context.class;
        // Of equal ones, the subclass's: it may narrow the result.
        return (context ? 100 : 0) + p.length * 10 + (p.length > 0 && p[0] != Object.class ? 1 : 0);
    }

    private static Object create(Class<?> type) throws Throwable {
        Constructor<?> constructor;
        try {
            constructor = type.getConstructor();
        } catch (NoSuchMethodException error) {
            throw new BadHandlerException("Class " + type.getName() + " has no public zero-argument constructor");
        }
        if (Modifier.isAbstract(type.getModifiers())) {
            throw new BadHandlerException("Class " + type.getName() + " is abstract and cannot be instantiated");
        }
        constructor.setAccessible(true);
        try {
            return constructor.newInstance();
        } catch (InvocationTargetException error) {
            throw error.getCause();
        }
    }

    private static final class StreamHandler implements Handler {
        private final RequestStreamHandler handler;

        StreamHandler(RequestStreamHandler handler) {
            this.handler = handler;
        }

        @Override
        public void handle(byte[] event, ByteArrayOutputStream answer, Context context) throws Throwable {
            handler.handleRequest(new ByteArrayInputStream(event), answer, context);
        }
    }

    private static final class StreamMethod implements Handler {
        private final Object target;
        private final Method method;

        StreamMethod(Object target, Method method) {
            this.target = target;
            this.method = method;
        }

        @Override
        public void handle(byte[] event, ByteArrayOutputStream answer, Context context) throws Throwable {
            InputStream input = new ByteArrayInputStream(event);
            call(target, method, method.getParameterCount() == 3 ? new Object[] {input, answer, context} : new Object[] {input, answer});
        }
    }

    private static final class ObjectHandler implements Handler {
        private final Object target;
        private final Method method;
        private final Type input; // null when the handler takes no event
        private final Map<TypeVariable<?>, Type> variables;
        private final CustomPojoSerializer serializer;

        ObjectHandler(Object target, Method method, Type input, Map<TypeVariable<?>, Type> variables, ClassLoader loader) {
            this.target = target;
            this.method = method;
            this.input = input == null ? null : Types.resolve(input, variables);
            this.variables = variables;
            serializer = findSerializer(loader);
        }

        private static CustomPojoSerializer findSerializer(ClassLoader loader) {
            // Without this question, ServiceLoader would cost its start-up for nothing in most functions.
            if (loader.getResource("META-INF/services/" + CustomPojoSerializer.class.getName()) == null) {
                return null;
            }
            for (CustomPojoSerializer found : ServiceLoader.load(CustomPojoSerializer.class, loader)) {
                return found;
            }
            return null;
        }

        @Override
        public void handle(byte[] event, ByteArrayOutputStream answer, Context context) throws Throwable {
            Class<?>[] parameters = method.getParameterTypes();
            Object[] arguments = new Object[parameters.length];
            if (input != null) {
                arguments[0] = read(event);
            }
            if (parameters.length > 0 && parameters[parameters.length - 1] == Context.class) {
                arguments[parameters.length - 1] = context;
            }
            Object result = call(target, method, arguments);
            if (serializer != null && result != null) {
                serializer.toJson(result, answer, result.getClass());
            } else if (method.getReturnType() == void.class || result == null) {
                answer.write(new byte[] {'n', 'u', 'l', 'l'});
            } else {
                answer.write(JsonWriter.write(result));
            }
        }

        private Object read(byte[] event) {
            if (input == InputStream.class) {
                return new ByteArrayInputStream(event);
            }
            if (serializer != null) {
                return serializer.<Object>fromJson(new ByteArrayInputStream(event), input);
            }
            return Binder.bind(JsonReader.read(new String(event, StandardCharsets.UTF_8)), input, variables);
        }
    }

    private static Object call(Object target, Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException error) {
            throw error.getCause();
        }
    }
}
