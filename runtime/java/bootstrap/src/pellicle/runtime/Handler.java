package pellicle.runtime;

import com.amazonaws.services.lambda.runtime.Context;
import java.io.ByteArrayOutputStream;

/** A function's handler, whatever its shape. */
interface Handler {
    /** Writes the answer. Throws what the handler throws. */
    void handle(byte[] event, ByteArrayOutputStream answer, Context context) throws Throwable;
}
