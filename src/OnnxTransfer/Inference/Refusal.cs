using System.Text.RegularExpressions;

namespace OnnxTransfer.Inference;

/// <summary>The message for a model that ONNX Runtime does not open, with the cure where the reason is known.</summary>
internal static partial class Refusal
{
    /// <summary><paramref name="message"/> is the runtime's own.</summary>
    public static string Of(string model, string version, string message) =>
        TooNew().Match(message) is { Success: true } opset
            ? $"{model}: uses operator set {opset.Groups[1].Value}; ONNX Runtime {version} knows up to {opset.Groups[2].Value}: "
                + $"convert it with onnx.version_converter.convert_version(model, {opset.Groups[2].Value}), export it with an older opset_version, or use a newer ONNX Runtime"
            : TooNewFormat().Match(message) is { Success: true } format
                ? $"{model}: has IR version {format.Groups[1].Value}; ONNX Runtime {version} reads up to {format.Groups[2].Value}: export it with an older onnx package, or use a newer ONNX Runtime"
                : $"{model}: ONNX Runtime {version} refuses the model: {message.Trim()}";

    [GeneratedRegex(@"Opset (\d+) is under development.*till opset (\d+)", RegexOptions.Singleline)]
    private static partial Regex TooNew();

    [GeneratedRegex(@"Unsupported model IR version: (\d+), max supported IR version: (\d+)")]
    private static partial Regex TooNewFormat();
}
