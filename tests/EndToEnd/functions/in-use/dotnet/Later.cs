namespace Later;

public static class Thing
{
    public static string Name() => "later";
}
