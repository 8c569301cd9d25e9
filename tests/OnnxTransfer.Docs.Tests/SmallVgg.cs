using System.Security.Cryptography;
using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Docs.Tests;

/// <summary>A VGG in small, of random weights: five blocks of a 3x3 convolution, ReLU and 2x2 pooling, 64 x 64 pixels in, tap block5.</summary>
internal static class SmallVgg
{
    private static readonly int[] Widths = [3, 8, 12, 16, 24, 32];

    /// <summary>Writes the network and its description beside it.</summary>
    public static void Write(string path)
    {
        var builder = GraphBuilder.Empty(name: "vgg");
        var random = new SeededRandom(5);
        var tensor = builder.Input("input", ElementType.Float, -1, 3, 64, 64);
        for (var block = 1; block < Widths.Length; block++)
        {
            var (inputs, outputs) = (Widths[block - 1], Widths[block]);
            float[] weights = [.. Enumerable.Range(0, outputs * inputs * 9).Select(_ => (float)(random.NextGaussian() * Math.Sqrt(2.0 / (inputs * 9))))];
            tensor = builder.Node("Conv", [tensor, builder.Floats($"w{block}", weights, outputs, inputs, 3, 3)], $"conv{block}", ("pads", new long[] { 1, 1, 1, 1 }));
            tensor = builder.Node("Relu", [tensor], $"relu{block}");
            tensor = builder.NodeInto($"block{block}", "MaxPool", [tensor], ("kernel_shape", new long[] { 2, 2 }), ("strides", new long[] { 2, 2 }));
        }

        builder.Output(tensor, ElementType.Float, -1, Widths[^1], 2, 2);
        builder.Build().Save(path);
        File.WriteAllText(Path.ChangeExtension(path, ".json"), $$"""
            {
              "format": 1, "name": "{{Path.GetFileNameWithoutExtension(path)}}", "family": "vgg", "file": "{{Path.GetFileName(path)}}",
              "sha256": "{{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))}}", "source": "these tests", "licence": "MIT",
              "input": { "tensor": "input", "layout": "NCHW", "height": 64, "width": 64, "channels": "RGB" },
              "preprocessing": { "resize": "shorterSide", "size": [72], "crop": [64, 64], "interpolation": "bilinear", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225] },
              "taps": [{ "name": "block5", "tensor": "block5", "shape": [32, 2, 2], "pooling": "average", "width": 32 }],
              "embedding": ["block5"], "parameters": 15000, "macs": 5000000
            }
            """);
    }
}
