using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace OnnxTransfer.Inference;

/// <summary>
/// Where TensorRT keeps the engines of one model. ONNX Runtime names an engine after the names in the graph and not after
/// its weights or shapes: networks of one architecture would run on each other's weights if they shared a folder.
/// </summary>
internal static class EngineFolder
{
    /// <summary>
    /// A folder in <paramref name="root"/> for this content, batch, GPU and these options, made where it is not there.
    /// </summary>
    /// <param name="root">The folder named for engines.</param>
    /// <param name="model">The model's bytes.</param>
    /// <param name="contentHash">Hash of what it keeps in other files; null where it keeps nothing there.</param>
    /// <param name="settings">How it is opened.</param>
    /// <param name="gpu">The GPU's name; null where it is not known.</param>
    /// <param name="version">ONNX Runtime's version.</param>
    public static string Make(string root, byte[] model, string? contentHash, SessionSettings settings, string? gpu, string version)
    {
        var options = GpuOptions.TensorRT(settings, engines: null).OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}");
        string[] parts =
        [
            Convert.ToHexString(SHA256.HashData(model)), contentHash ?? "", gpu ?? "", version,
            settings.BatchSizeOn(ExecutionProvider.TensorRT).ToString(CultureInfo.InvariantCulture), .. options,
        ];
        var key = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', parts)));
        return Directory.CreateDirectory(Path.Combine(Path.GetFullPath(root), Convert.ToHexStringLower(key.AsSpan(0, 8)))).FullName;
    }
}
