using System.Globalization;
using System.Text.RegularExpressions;

namespace OnnxTransfer.Cli;

/// <summary>A Python, and what it has of what models/export.py needs.</summary>
internal sealed partial record PythonPackages(string Path, string Version, IReadOnlyDictionary<string, string?> Packages)
{
    /// <summary>Prints the version of Python, and of every package its version or nothing, without importing them.</summary>
    public const string Probe = """
        import importlib.metadata as m, importlib.util as u, platform
        print("python", platform.python_version())
        for module, name in (("torch", "torch"), ("torchvision", "torchvision"), ("onnx", "onnx"), ("PIL", "pillow")):
            version = ""
            if u.find_spec(module):
                try: version = m.version(name)
                except m.PackageNotFoundError: version = "?"
            print(name, version)
        """;

    private static readonly (string Name, int Major, int Minor)[] Least = [("torch", 1, 13), ("torchvision", 0, 14), ("onnx", 0, 0), ("pillow", 0, 0)];

    /// <summary>What is wrong with it, in words; empty where it can export.</summary>
    public IReadOnlyList<string> Problems
    {
        get
        {
            var lacks = Least.Where(least => Packages[least.Name] is null).Select(least => least.Name).ToArray();
            return
            [
                .. IsOlder(Version, 3, 9) ? ["is older than 3.9"] : Array.Empty<string>(),
                .. lacks.Length > 0 ? [$"lacks {string.Join(", ", lacks)}"] : Array.Empty<string>(),
                .. Least.Where(least => Packages[least.Name] is { } version && IsOlder(version, least.Major, least.Minor))
                    .Select(least => $"has {least.Name} {Packages[least.Name]}, older than {least.Major}.{least.Minor}"),
            ];
        }
    }

    /// <summary>Reads what <see cref="Probe"/> printed, passing over what else a Python may say; null where something is missing.</summary>
    public static PythonPackages? Read(string path, string output)
    {
        var pairs = output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' ', 2)).Where(pair => pair[0] == "python" || Least.Any(least => least.Name == pair[0])).DistinctBy(pair => pair[0])
            .ToDictionary(pair => pair[0], pair => pair.Length > 1 ? pair[1] : null, StringComparer.Ordinal);
        return pairs.Remove("python", out var version) && version is not null && pairs.Count == Least.Length ? new(path, version, pairs) : null;
    }

    // A version that does not begin with two numbers is let through: what runs decides.
    private static bool IsOlder(string version, int major, int minor) => TwoNumbers().Match(version) is { Success: true } two
        && (Number(two.Groups[1]), Number(two.Groups[2])).CompareTo((major, minor)) < 0;

    private static int Number(Group digits) => int.Parse(digits.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(\d{1,6})\.(\d{1,6})")]
    private static partial Regex TwoNumbers();
}
