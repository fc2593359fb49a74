package org.apache.commons.collections.functors;

/** Has the name of a gadget, and the shape: it acts while it is read. */
public class Gadget implements java.io.Serializable {
    private void readObject(java.io.ObjectInputStream in) throws Exception {
        in.defaultReadObject();
        System.out.println("ran");
    }
}
