using System.Diagnostics;

namespace OnnxTransfer.Cli;

/// <summary>Runs a Python script to its end, passing on what it says as it says it.</summary>
internal static class PythonRun
{
    /// <summary>Its exit code. When cancelled it is ended, with all it started, before the exception is thrown.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">It cannot be started.</exception>
    public static async Task<int> RunAsync(string python, IEnumerable<string> arguments, TextWriter output, TextWriter error, CancellationToken cancellation)
    {
        using var process = Process.Start(new ProcessStartInfo(python, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var pumps = Task.WhenAll(PumpAsync(process.StandardOutput, output), PumpAsync(process.StandardError, error));
        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            await pumps;
            throw;
        }

        await pumps;
        return process.ExitCode;
    }

    // By characters, not lines: a progress bar goes back to the start of its line and never ends it.
    private static async Task PumpAsync(StreamReader from, TextWriter to)
    {
        var buffer = new char[1024];
        while (await from.ReadAsync(buffer) is > 0 and var count)
        {
            await to.WriteAsync(buffer.AsMemory(0, count));
            await to.FlushAsync();
        }
    }
}
