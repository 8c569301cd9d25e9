using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace OnnxTransfer.Tests.Backbones;

/// <summary>A network of random weights as exported, and the whole maps of its taps in PyTorch, made by golden/torch_taps.py.</summary>
internal sealed class TorchTaps : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly JsonNode _made;

    public TorchTaps(string name, int side, int seed = 7)
    {
        ModelPath = _folder[$"{name}.onnx"];
        TorchPython.Run(Path.Combine(Here(), "golden", "torch_taps.py"), _folder.Path, name, $"{side}", $"{seed}");
        _made = JsonNode.Parse(File.ReadAllText(_folder["taps.json"]))!;
    }

    public string ModelPath { get; }

    public string DescriptionPath => Path.ChangeExtension(ModelPath, ".json");

    /// <summary>Two images, [2, side, side, 3].</summary>
    public byte[] Pixels => File.ReadAllBytes(_folder["pixels.u8"]);

    /// <summary>The taps, first layers first, with their shapes.</summary>
    public IReadOnlyList<(string Name, int[] Shape)> Taps =>
        [.. _made["taps"]!.AsObject().Select(tap => (tap.Key, tap.Value!.AsArray().Select(d => (int)d!).ToArray()))];

    /// <summary>Of torch and torchvision.</summary>
    public string Versions => $"PyTorch {_made["torch"]}, torchvision {_made["torchvision"]}";

    /// <summary>The values of a tap for both images.</summary>
    public float[] Values(string tap) => MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(_folder[$"{tap}.f32"])).ToArray();

    public void Dispose() => _folder.Dispose();

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
