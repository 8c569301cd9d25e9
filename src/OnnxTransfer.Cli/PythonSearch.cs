using System.ComponentModel;
using OnnxTransfer.Backbones;

namespace OnnxTransfer.Cli;

/// <summary>Finds a Python that can run models/export.py, or says what to install.</summary>
internal static class PythonSearch
{
    /// <summary>The first that has all that is needed: the one asked for, and no other; else $PYTHON, python3, /usr/bin/python3.</summary>
    /// <exception cref="BackboneException">There is none; the message lists what each lacks and the commands that cure it.</exception>
    public static async Task<string> FindAsync(string? asked, CancellationToken cancellation)
    {
        var candidates = asked is not null ? [asked]
            : new[] { Environment.GetEnvironmentVariable("PYTHON"), "python3", "/usr/bin/python3" }.Where(p => !string.IsNullOrEmpty(p)).Distinct().ToArray();
        var found = new List<string>();
        foreach (var candidate in candidates)
        {
            var (python, fault) = await ProbeAsync(candidate!, cancellation);
            if (python is { Problems.Count: 0 })
            {
                return candidate!;
            }

            found.Add(python is null ? $"  {candidate}: {fault}" : $"  {candidate} (Python {python.Version}): {string.Join("; ", python.Problems)}");
        }

        throw new BackboneException($"""
            models export needs Python 3.9 or newer with torch 1.13, torchvision 0.14 or newer, onnx and Pillow; found
            {string.Join('\n', found)}
            install them, best in an environment of their own:
              python3 -m venv torch && torch/bin/pip install torch torchvision onnx pillow
            and give --python torch/bin/python; or, on Debian and Ubuntu, as root:
              apt install python3-torch python3-torchvision python3-onnx python3-pil
            and give --python /usr/bin/python3
            """);
    }

    private static async Task<(PythonPackages? Python, string Fault)> ProbeAsync(string candidate, CancellationToken cancellation)
    {
        try
        {
            var output = new StringWriter();
            var code = await PythonRun.RunAsync(candidate, ["-c", PythonPackages.Probe], output, TextWriter.Null, cancellation);
            return PythonPackages.Read(candidate, output.ToString()) is { } python && code == 0 ? (python, "") : (null, $"is no Python 3.9 or newer (exit code {code})");
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException)
        {
            return (null, $"cannot be started ({(e is Win32Exception { NativeErrorCode: 2 } ? "not there" : e.Message)})");
        }
    }
}
