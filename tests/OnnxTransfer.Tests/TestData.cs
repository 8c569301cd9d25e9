namespace OnnxTransfer.Tests;

/// <summary>Real backbones and images outside the project, named by ONNXTRANSFER_TESTDATA; tests skip without them.</summary>
internal static class TestData
{
    /// <summary>The path of a file or folder of the test data; skips the test where it is absent.</summary>
    public static string Require(params string[] parts)
    {
        var root = Environment.GetEnvironmentVariable("ONNXTRANSFER_TESTDATA");
        Skip.If(string.IsNullOrEmpty(root), "ONNXTRANSFER_TESTDATA is not set");
        var path = Path.Combine([root!, .. parts]);
        Skip.IfNot(File.Exists(path) || Directory.Exists(path), $"{path} is absent");
        return path;
    }
}
