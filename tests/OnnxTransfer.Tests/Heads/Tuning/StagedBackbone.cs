using System.Security.Cryptography;
using OnnxTransfer.Backbones;
using OnnxTransfer.Onnx;
using OnnxTransfer.Tests.Onnx;

namespace OnnxTransfer.Tests.Heads;

/// <summary>
/// A small network of three stages on 8 x 8 pixels: one [4, 8, 8], two [6, 4, 4] with a residual block and a batch norm, three [8, 2, 2], then their
/// averages [8].
/// </summary>
internal sealed class StagedBackbone : IDisposable
{
    /// <param name="further">Adds nodes behind three [8, 2, 2]; returns the map that is averaged.</param>
    /// <param name="opset">The operator set.</param>
    public StagedBackbone(Func<GraphBuilder, string>? further = null, int opset = 13)
    {
        Directory.CreateDirectory(Folder);
        var builder = GraphBuilder.Empty(opset, "staged");
        builder.Input("input", ElementType.Float, -1, 3, 8, 8);
        builder.NodeInto("one", "Relu", [Conv(builder, "input", 3, 4, 1)]);
        string down = builder.Node("Relu", [Conv(builder, "one", 4, 6, 2)], "down");
        string norm = builder.Node(
            "BatchNormalization",
            [Conv(builder, down, 6, 6, 1), builder.Floats("scale", [1, 0.9f, 1.1f, 1, 0.8f, 1.2f], 6), builder.Floats("shift", Graphs.Floats(6, 20), 6),
                builder.Floats("mean", Graphs.Floats(6, 21), 6), builder.Floats("variance", [1, 2, 1, 0.5f, 1, 1], 6)],
            "norm");
        builder.NodeInto("two", "Relu", [builder.Node("Add", [norm, down], "sum")]);
        builder.NodeInto("three", "Relu", [Conv(builder, "two", 6, 8, 2)]);
        builder.NodeInto("averages", "Flatten", [builder.Node("GlobalAveragePool", [further?.Invoke(builder) ?? "three"], "pooled")], ("axis", 1));
        builder.Output("averages", ElementType.Float, -1, 8);
        Model = builder.Build();
        Write();
    }

    public string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "temp", Guid.NewGuid().ToString("N"));

    public string ModelPath => Path.Combine(Folder, "staged.onnx");

    public OnnxModel Model { get; private set; }

    public string Embedding { get; set; } = "\"averages\"";

    public string Precision { get; set; } = "";

    /// <summary>Writes another graph in the place of the network.</summary>
    public void Replace(OnnxModel model)
    {
        Model = model;
        Write();
    }

    public Backbone Load(params string[] taps) => Backbone.Load(
        ModelPath, settings: new BackboneSettings { Threads = 1, Taps = taps.Length == 0 ? null : taps, Catalogue = new(Folder) });

    public void Write()
    {
        Model.Save(ModelPath);
        string sha = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(ModelPath)));
        File.WriteAllText(Path.Combine(Folder, "staged.json"), $$"""
            {
              "format": 1, "name": "staged", "file": "staged.onnx", "sha256": "{{sha}}", "source": "These tests.",{{(Precision.Length > 0 ? $" \"precision\": \"{Precision}\"," : "")}}
              "input": { "tensor": "input", "layout": "NCHW", "height": 8, "width": 8, "channels": "RGB" },
              "preprocessing": { "resize": "exact", "size": [8, 8], "crop": [8, 8], "interpolation": "bilinear", "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.25, 0.3] },
              "taps": [
                { "name": "one", "tensor": "one", "shape": [4, 8, 8], "pooling": "grid2", "width": 16 },
                { "name": "two", "tensor": "two", "shape": [6, 4, 4], "pooling": "average", "width": 6 },
                { "name": "three", "tensor": "three", "shape": [8, 2, 2], "pooling": "average", "width": 8 },
                { "name": "averages", "tensor": "averages", "shape": [8], "pooling": "none", "width": 8 }
              ],
              "embedding": [{{Embedding}}]
            }
            """);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static string Conv(GraphBuilder builder, string input, int from, int to, int stride)
    {
        float[] kernel = Array.ConvertAll(Graphs.Floats(to * from * 9, to + stride), value => value * MathF.Sqrt(2f / (from * 9)) * 1.7f);
        return builder.Node(
            "Conv", [input, builder.Floats($"kernel_{to}_{stride}", kernel, to, from, 3, 3), builder.Floats($"bias_{to}", new float[to], to)],
            $"conv_{to}", ("pads", new long[] { 1, 1, 1, 1 }), ("strides", new long[] { stride, stride }));
    }
}
