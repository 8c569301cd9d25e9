using System.Diagnostics;
using System.Globalization;

namespace OnnxTransfer.Tests.Onnx.Fuzz;

/// <summary>
/// The tests as a program: <c>dotnet OnnxTransfer.Tests.dll managed|native FIRST COUNT</c> goes through variants and exits
/// with 1 where one did what none may. The number of each is written first, so that what ends the process is known too.
/// </summary>
internal static class FuzzProgram
{
    // Each of these graphs needs a few MB; more is memory that a file of a few KB asked for.
    private const long MostMemory = 3L << 30;

    public static int Main(string[] arguments)
    {
        if (arguments is not [("managed" or "native") and var mode, var first, var count])
        {
            Console.Error.WriteLine("expected: managed|native FIRST COUNT");
            return 2;
        }

        using var memory = new Timer(_ => CheckMemory(), null, 0, 20);
        using var steps = new FuzzSteps();
        var numbers = Enumerable.Range(int.Parse(first, CultureInfo.InvariantCulture), int.Parse(count, CultureInfo.InvariantCulture));
        var wrong = FuzzWatch.Go(numbers, number =>
        {
            Console.Out.Write($"{number}\n");
            Console.Out.Flush();
            if (mode == "native")
            {
                steps.Native(Variant.Of(number));
            }
            else
            {
                FuzzBounds.Managed(steps, number);
            }
        });
        foreach (var line in wrong)
        {
            Console.Out.WriteLine(line);
        }

        var (read, refused, opened, run) = steps.Counts;
        Console.Out.WriteLine($"{count} variants: {read} read, {opened} opened, {run} run, {refused} steps refused, {wrong.Count} wrong");
        return wrong.Count == 0 ? 0 : 1;
    }

    /// <summary>Runs it as a process; the output is what it wrote without the numbers, but for the last one.</summary>
    public static (int ExitCode, string Output) RunAsProcess(string mode, int first, int count)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList = { typeof(FuzzProgram).Assembly.Location, mode, $"{first}", $"{count}" },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // What the process takes for the memory of the machine (MemoryNeed), so that it does not depend on the machine.
        start.Environment["DOTNET_GCHeapHardLimit"] = "0x40000000";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var lines = process.StandardOutput.ReadToEnd().Split('\n');
        process.WaitForExit();
        var last = lines.LastOrDefault(line => int.TryParse(line, out _)) ?? "none";
        return (process.ExitCode, $"exit code {process.ExitCode}, last variant {last}\n{error.Result}\n{string.Join('\n', lines.Where(line => !int.TryParse(line, out _)))}");
    }

    private static void CheckMemory()
    {
        if (Environment.WorkingSet > MostMemory)
        {
            Environment.FailFast($"more than {MostMemory} bytes of memory in use");
        }
    }
}
