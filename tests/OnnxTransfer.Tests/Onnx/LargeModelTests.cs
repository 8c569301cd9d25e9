using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Tests.Onnx;

/// <summary>A model of 2.2 GB: more than one ONNX file, one protobuf message or one array can hold.</summary>
public sealed class LargeModelTests : IDisposable
{
    private const int Rows = 1_100_000;
    private const int Columns = 250;
    private const long TableBytes = (long)Rows * Columns * sizeof(float);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public void Is_loaded_cut_run_saved_and_loaded_again()
    {
        Skip.If(
            Environment.GetEnvironmentVariable("ONNXTRANSFER_LARGE") != "1",
            "set ONNXTRANSFER_LARGE=1, as eng/fuzz.sh does: writes 2.2 GB of temporary files, takes a minute on a slow disk");
        WriteSource();
        var x = TensorValue.Of(Graphs.Floats(3 * 3 * 64, 3), 3, 3, 8, 8);

        var model = OnnxModel.Load(_folder["net.onnx"]);
        var expected = Run(model, "both", x);
        Assert.Equal(3 * 2 * Columns, expected.Length);
        Assert.True(expected.Distinct().Count() > 100, "the rows that are read are not empty");
        Assert.NotNull(model.ContentHash);
        Assert.Equal(
            $"{_folder["net.onnx"]}: holds {(2 * TableBytes) + (4 * 27 * sizeof(float))} bytes of weights, more than the 2 GB of one ONNX file; "
            + "expected a smaller model here: Save writes it as two files",
            Assert.Throws<OnnxException>(() => model.ToBytes()).Message);

        model.Save(_folder["copy", "net.onnx"]);
        var copy = OnnxModel.Load(_folder["copy", "net.onnx"]);
        Assert.Equal(2, Directory.GetFiles(Path.Combine(_folder.Path, "copy")).Length);
        Assert.Equal(model.ContentHash, copy.ContentHash);
        Assert.Equal(expected, Run(copy, "both", x));

        var cut = Cut.At(copy, ["row0"]);
        Assert.Equal(expected.Chunk(Columns).Where((_, i) => i % 2 == 0).SelectMany(row => row), Run(cut, "row0", x));
    }

    /// <summary>
    /// A small network chooses a row of each of two tables of 1.1 GB. Their file is mostly a hole, which takes no space:
    /// only the rows that can be chosen have numbers.
    /// </summary>
    private void WriteSource()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 3, 8, 8);
        var map = builder.Node("Conv", ["x", builder.Floats("w", Graphs.Floats(4 * 27, 1), 4, 3, 3, 3)], "conv");
        var vector = builder.Node("Flatten", [builder.Node("GlobalMaxPool", [map], "most")], "vector", ("axis", 1));
        var best = builder.Node("ArgMax", [vector], "best", ("axis", 1), ("keepdims", 0));
        for (var table = 0; table < 2; table++)
        {
            var weights = new TensorProto { Name = $"table{table}", DataType = (int)ElementType.Float, Dims = { Rows, Columns } };
            builder.Graph.Initializer.Add(weights);
            ModelWriter.Point(weights, "tables.bin", table * TableBytes, TableBytes);
            builder.NodeInto($"row{table}", "Gather", [weights.Name, best]);
        }

        builder.NodeInto("both", "Concat", ["row0", "row1"], ("axis", 1));
        builder.Output("both", ElementType.Float, -1, 2 * Columns);
        var model = builder.Build();
        File.WriteAllBytes(_folder["net.onnx"], Google.Protobuf.MessageExtensions.ToByteArray(model.Proto));
        using var file = File.Create(_folder["tables.bin"]);
        file.SetLength(2 * TableBytes);
        for (var table = 0; table < 2; table++)
        {
            file.Position = table * TableBytes;
            file.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(Graphs.Floats(4 * Columns, 5 + table)));
        }
    }

    private static float[] Run(OnnxModel model, string output, TensorValue x)
    {
        using var session = OnnxSession.Open(model, new SessionSettings { Provider = ExecutionProvider.Cpu, Threads = 1 });
        return session.Run(new Dictionary<string, TensorValue> { ["x"] = x }, [output])[output].Floats;
    }
}
