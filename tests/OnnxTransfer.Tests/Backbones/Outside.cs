using System.Runtime.CompilerServices;

namespace OnnxTransfer.Tests.Backbones;

/// <summary>Data outside the project, and the descriptions of its models, which lie in models/.</summary>
internal static class Outside
{
    public const string Variable = "ONNXTRANSFER_TESTDATA";

    public static string? Models =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } data && Directory.Exists(Path.Combine(data, "models")) ? Path.Combine(data, "models") : null;

    public static string Descriptions => Path.GetFullPath(Path.Combine(Folder(), "../../../models"));

    /// <summary>Skips the test, saying why, where the models are absent.</summary>
    public static string NeedModels() => TestData.Require("models");

    /// <summary>The embedded backbones of the repository; null where there are none.</summary>
    public static string? Embedded
    {
        get
        {
            var folder = Path.GetFullPath(Path.Combine(Folder(), "../../../models"));
            return Directory.Exists(folder) && Directory.EnumerateFiles(folder, "*.onnx").Any() ? folder : null;
        }
    }

    private static string Folder([CallerFilePath] string here = "") => Path.GetDirectoryName(here)!;
}
