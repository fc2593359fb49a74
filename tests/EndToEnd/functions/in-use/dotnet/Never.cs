namespace Never;

public static class Thing
{
    public static string Name() => "never";
}
