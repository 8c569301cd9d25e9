using System.Text.RegularExpressions;

namespace OnnxTransfer.Inference;

/// <summary>The message for a provider option that ONNX Runtime does not take.</summary>
internal static partial class OptionRefusal
{
    /// <summary>The message, or null where <paramref name="message"/>, the runtime's, is of something else.</summary>
    /// <param name="provider">The provider of the options.</param>
    /// <param name="given">All options given.</param>
    /// <param name="listed">The options the runtime lists, "name=value;name=value", most of those it knows; null where it lists none.</param>
    /// <param name="message">The runtime's message.</param>
    public static string? Of(ExecutionProvider provider, IReadOnlyDictionary<string, string> given, string? listed, string message)
    {
        var where = $"https://onnxruntime.ai/docs/execution-providers/{(provider == ExecutionProvider.TensorRT ? "TensorRT" : "CUDA")}-ExecutionProvider.html";
        if (Unknown().Match(message) is { Success: true } unknown)
        {
            var names = listed is null ? [] : listed.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=')[0]).Order(StringComparer.Ordinal).ToArray();
            return $"provider {provider.Name()}: ONNX Runtime {RuntimeStart.Version} knows no option '{unknown.Groups[1].Value}'; expected "
                + (names.Length > 0 ? $"one of {string.Join(", ", names)}, or another of {where}" : $"one of {where}");
        }

        if (BadDevice().Match(message) is { Success: true } device)
        {
            return $"provider {provider.Name()}: there is no GPU {device.Groups[1].Value}; expected a number from 0 to {int.Parse(device.Groups[2].ValueSpan) - 1} (CUDA_VISIBLE_DEVICES may hide others)";
        }

        return Unreadable().Match(message) is { Success: true } unreadable && given.TryGetValue(unreadable.Groups[1].Value, out var value) && unreadable.Groups[1].Value != "device_id"
            ? $"provider {provider.Name()}: the option '{unreadable.Groups[1].Value}' does not take '{value}'; its values stand in {where}"
            : null;
    }

    [GeneratedRegex("Unknown provider option: \"([^\"]*)\"")]
    private static partial Regex Unknown();

    [GeneratedRegex("Failed to parse provider option \"([^\"]*)\"")]
    private static partial Regex Unreadable();

    [GeneratedRegex(@"Invalid device ID: (-?\d+), must be between 0 \(inclusive\) and (\d+) \(exclusive\)")]
    private static partial Regex BadDevice();
}
