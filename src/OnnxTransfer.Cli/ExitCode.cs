namespace OnnxTransfer.Cli;

/// <summary>What the process says to its caller; documented in <c>onnxtransfer --help</c>.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int FailedWork = 1;
    public const int BadUsage = 2;
    public const int TooManyFailures = 3;
    public const int Interrupted = 130;
}
