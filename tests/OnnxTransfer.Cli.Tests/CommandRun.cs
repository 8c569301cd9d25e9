using System.Diagnostics;
using System.Text.Json.Nodes;

namespace OnnxTransfer.Cli.Tests;

/// <summary>What a run of the command line said, and how it ended.</summary>
internal sealed record CommandRun(int ExitCode, string Out, string Error)
{
    public JsonNode Json => JsonNode.Parse(Out)!;

    /// <summary>Runs within this process.</summary>
    public static async Task<CommandRun> Of(params string[] arguments)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await CommandLine.RunAsync(arguments, new Terminal(output, TextWriter.Synchronized(error), isWatched: false));
        return new CommandRun(code, output.ToString(), error.ToString());
    }

    /// <summary>Runs as a process of its own, as a user does; <paramref name="shell"/> is put before it ("ulimit -f 10;").</summary>
    public static Process Start(string shell, IReadOnlyDictionary<string, string> environment, string folder, params string[] arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "OnnxTransfer.Cli.dll");
        var start = new ProcessStartInfo("/bin/bash")
        {
            // A run in the background inherits that SIGINT is ignored; a user's terminal does not.
            ArgumentList = { "-c", $"{shell} exec env --default-signal=INT dotnet '{program}' \"$@\"", "onnxtransfer" },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    public static CommandRun Finish(Process process)
    {
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        process.WaitForExit();
        return new CommandRun(process.ExitCode, output.Result, error.Result);
    }
}
