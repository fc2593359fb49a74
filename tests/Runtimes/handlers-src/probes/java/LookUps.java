import java.lang.reflect.Proxy;

/** Looks classes up as libraries do that streams abuse; prints what came of each. */
public class LookUps {
    public static void main(String[] args) throws Exception {
        for (String name : new String[] {"bsh.XThis", "bsh.XThis$Handler", "org.springframework.core.SerializableTypeWrapper$MethodInvokeTypeProvider"}) {
            show(name);
        }
        Class<?>[] types = {Class.forName("org.springframework.core.SerializableTypeWrapper$SerializableTypeProxy")};
        Proxy.newProxyInstance(LookUps.class.getClassLoader(), types, (proxy, method, values) -> null);
        System.out.println("proxy made");
    }

    static void show(String name) {
        try {
            Class.forName(name);
            System.out.println(name + " found");
        } catch (Exception error) {
            System.out.println(name + " " + error.getClass().getSimpleName());
        }
    }
}
