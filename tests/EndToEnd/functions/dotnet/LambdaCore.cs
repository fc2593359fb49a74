namespace Amazon.Lambda.Core;

/// <summary>The shape of the package's interface, as far as the victim needs it: the runtime finds its types by name.</summary>
public interface ILambdaContext
{
    string AwsRequestId { get; }
}
