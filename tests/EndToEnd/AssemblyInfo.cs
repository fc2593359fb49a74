[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

// Each class has a platform of its own and builds the same victims; beside each other they would only wait for the processor.
[assembly: Xunit.CollectionBehavior(DisableTestParallelization = true)]
