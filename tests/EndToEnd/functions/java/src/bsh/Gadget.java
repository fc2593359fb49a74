package bsh;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.Serializable;

/** Stands for the gadget classes of a library that the filter names: what it does on reading is the attack. */
public final class Gadget implements Serializable {
    private static final long serialVersionUID = 1;
    private String seen = "";

    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
        in.defaultReadObject();
        seen = new String(new ProcessBuilder("/usr/bin/id").start().getInputStream().readAllBytes());
    }

    @Override
    public String toString() {
        return seen;
    }
}
