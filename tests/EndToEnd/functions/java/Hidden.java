package victim;

/** What an attacker sends to a function that defines classes in its own package. */
public final class Hidden {
    @Override
    public String toString() {
        try {
            return new String(new ProcessBuilder("/usr/bin/id").start().getInputStream().readAllBytes());
        } catch (java.io.IOException error) {
            return "no program";
        }
    }
}
