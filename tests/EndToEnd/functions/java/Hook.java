/** An agent: what a child runs first when it is told to. */
public final class Hook {
    public static void premain(String arguments) {
        System.out.println("loaded-it");
    }
}
