using System.Runtime.CompilerServices;

namespace OnnxTransfer.Docs.Tests;

/// <summary>The checkout these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "../.."));

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    private static string Here([CallerFilePath] string here = "") => here;
}
