package bsh;

/** Named as BeanShell's own: looked up whenever a script runs. */
public class XThis {
    static final class Handler {
    }
}
