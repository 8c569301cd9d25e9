using System.Security.Cryptography;
using System.Text.Json.Nodes;
using OnnxTransfer.Backbones;
using OnnxTransfer.Onnx;
using OnnxTransfer.Tests.Onnx;

namespace OnnxTransfer.Tests.Backbones;

/// <summary>A folder with one small backbone: two 3x3 convolutions on 8x8 pixels, taps a [4, 8, 8], b [6, 4, 4] and v [6].</summary>
internal sealed class TinyBackbone : IDisposable
{
    public TinyBackbone()
    {
        Folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "temp", Guid.NewGuid().ToString("N"))).FullName;
        var builder = GraphBuilder.Empty(name: "tiny");
        builder.Input("input", ElementType.Float, -1, 3, 8, 8);
        var first = builder.Node("Conv", ["input", builder.Floats("w1", Graphs.Floats(4 * 27, 1), 4, 3, 3, 3)], "c1", ("pads", new long[] { 1, 1, 1, 1 }));
        builder.NodeInto("a", "Relu", [first]);
        var second = builder.Node(
            "Conv", ["a", builder.Floats("w2", Graphs.Floats(6 * 36, 2), 6, 4, 3, 3)], "c2", ("pads", new long[] { 1, 1, 1, 1 }), ("strides", new long[] { 2, 2 }));
        builder.NodeInto("b", "Relu", [second]);
        var mean = builder.Node("GlobalAveragePool", ["b"], "mean");
        builder.NodeInto("v", "Flatten", [mean], ("axis", 1));
        builder.NodeInto("logits", "Gemm", ["v", builder.Floats("w3", Graphs.Floats(12, 3), 2, 6)], ("transB", 1));
        builder.Output("logits", ElementType.Float, -1, 2);
        Model = builder.Build();
        Model.Save(ModelPath);
        Json = JsonNode.Parse($$"""
            {
              "format": 1, "name": "tiny", "family": "test", "file": "tiny.onnx", "sha256": "{{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(ModelPath)))}}",
              "source": "these tests", "licence": "MIT", "someday": { "unknown": true },
              "input": { "tensor": "input", "layout": "NCHW", "height": 8, "width": 8, "channels": "RGB" },
              "preprocessing": { "resize": "shorterSide", "size": [10], "crop": [8, 8], "interpolation": "bicubic", "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.25, 0.3] },
              "taps": [
                { "name": "a", "tensor": "a", "shape": [4, 8, 8], "pooling": "grid2", "width": 16 },
                { "name": "b", "tensor": "b", "shape": [6, 4, 4], "pooling": "average", "width": 6 },
                { "name": "v", "tensor": "v", "shape": [6], "pooling": "none", "width": 6 }
              ],
              "embedding": ["a", "b"], "parameters": 336, "macs": 10380,
              "golden": { "image": "reference.png", "taps": ["v"], "values": [1, 2, 3, 4, 5, 6] },
              "training": { "epochs": 3 }
            }
            """)!.AsObject();
        Write();
    }

    public string Folder { get; }

    public string ModelPath => Path.Combine(Folder, "tiny.onnx");

    public string DescriptionPath => Path.Combine(Folder, "tiny.json");

    public OnnxModel Model { get; }

    /// <summary>The description; change it and write it.</summary>
    public JsonObject Json { get; }

    public BackboneCatalogue Catalogue => new(Folder);

    /// <summary>Puts another graph in the file's place, and its hash into the description.</summary>
    public void Replace(OnnxModel model)
    {
        model.Save(ModelPath);
        Json["sha256"] = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(ModelPath)));
        Write();
    }

    /// <summary>Makes the graph one that takes <paramref name="batch"/> images and no other number, and says so.</summary>
    public void FixBatch(int batch)
    {
        var proto = Model.Proto.Clone();
        proto.Graph.Input[0].Type.TensorType.Shape.Dim[0].DimValue = batch;
        var shape = new OnnxTransfer.Onnx.Proto.TensorProto { Name = "s", DataType = (int)ElementType.Int64 };
        shape.Dims.Add(4);
        shape.Int64Data.AddRange([batch, 4, 8, 8]);
        proto.Graph.Initializer.Add(shape);
        var (first, relu) = (proto.Graph.Node[0], proto.Graph.Node[1]);
        relu.Input[0] = "reshaped";
        var reshape = new OnnxTransfer.Onnx.Proto.NodeProto { OpType = "Reshape", Input = { first.Output[0], "s" }, Output = { "reshaped" } };
        proto.Graph.Node.Insert(1, reshape);
        Json["input"]!["batch"] = batch;
        Replace(new OnnxModel(proto, "tiny"));
    }

    public void Write() => File.WriteAllText(DescriptionPath, Json.ToJsonString());

    /// <summary>The message when the description is read after a change.</summary>
    public string Refused(Action<JsonObject> change)
    {
        change(Json);
        return Assert.Throws<BackboneException>(() => BackboneDescription.Parse(Json.ToJsonString(), "tiny.json")).Message;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
