package victim;

/** What libraries do that make classes while they run: this one lies in the package, as bytes. */
public final class OwnHidden {
    @Override
    public String toString() {
        return "made at run time";
    }
}
