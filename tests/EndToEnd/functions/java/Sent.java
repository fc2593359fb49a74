/** What an attacker sends: a class whose instance runs a program. */
public final class Sent {
    @Override
    public String toString() {
        try {
            return new String(new ProcessBuilder("/usr/bin/id").start().getInputStream().readAllBytes());
        } catch (java.io.IOException error) {
            return "no program";
        }
    }
}
