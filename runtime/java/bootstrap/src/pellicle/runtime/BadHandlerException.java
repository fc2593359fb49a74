package pellicle.runtime;

/** The handler's class loads, but nothing in it can be called. */
final class BadHandlerException extends RuntimeException {
    private static final long serialVersionUID = 1;

    BadHandlerException(String message) {
        super(message, null, false, false);
    }
}
