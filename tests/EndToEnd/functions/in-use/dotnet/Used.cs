namespace Used;

public static class Thing
{
    public static string Name() => "used";
}
