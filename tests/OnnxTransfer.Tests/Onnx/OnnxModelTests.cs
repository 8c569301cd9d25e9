using System.Text;
using Google.Protobuf;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Tests.Onnx;

public sealed class OnnxModelTests : IDisposable
{
    private const string Expected = "expected an ONNX model (a protobuf ModelProto with a graph, its outputs and an operator set)";

    private readonly string folder = Directory.CreateDirectory(
        Path.Combine(AppContext.BaseDirectory, "temp", Guid.NewGuid().ToString("N"))).FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Reads_a_file_made_elsewhere()
    {
        var model = OnnxModel.Load(Golden.PathOf("old.onnx"));

        Assert.Equal(9, model.Opset);
        Assert.Equal(4, model.NodeCount);
        Assert.Equal((4 * 27) + (5 * 64), model.ParameterCount);
        Assert.Equal(1, model.Operators["Conv"]);
        Assert.Equal("by make_golden.py", model.Metadata["made"]);
        Assert.Equal("float image[1,3,4,4]", Assert.Single(model.Inputs).ToString());
        Assert.Equal("float y[1,5]", Assert.Single(model.Outputs).ToString());
        Assert.Equal(["conv", "relu", "flat", "y"], model.TensorNames);
    }

    [Fact]
    public void Writes_what_it_read_byte_for_byte()
    {
        var path = Golden.PathOf("old.onnx");

        Assert.Equal(File.ReadAllBytes(path), OnnxModel.Load(path).ToBytes());
    }

    [Fact]
    public void Fields_it_does_not_know_survive()
    {
        var proto = Graphs.Relu(2).Proto.Clone();
        var unknown = new byte[] { 0xAA, 0x06, 0x03, (byte)'a', (byte)'b', (byte)'c' }; // field 101, three bytes
        byte[] bytes = [.. proto.ToByteArray(), .. unknown];

        var copy = Cut.At(OnnxModel.Parse(bytes), ["y"]).ToBytes();

        Assert.True(copy.AsSpan().IndexOf(unknown) > 0);
    }

    [Fact]
    public void Save_replaces_the_file_and_leaves_nothing_else()
    {
        var path = Path.Combine(folder, "net.onnx");
        File.WriteAllText(path, "old");

        Graphs.Relu(2).Save(path);

        Assert.Equal(Graphs.Relu(2).ToBytes(), File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFiles(folder));
    }

    [Fact]
    public void Merge_adds_and_replaces_metadata()
    {
        var model = ModelMetadata.Merge(Graphs.Relu(2), new Dictionary<string, string> { ["b"] = "1", ["a"] = "2" });
        model = ModelMetadata.Merge(model, new Dictionary<string, string> { ["b"] = "3" });

        Assert.Equal("2", model.Metadata["a"]);
        Assert.Equal("3", model.Metadata["b"]);
        Assert.Equal(2, model.Metadata.Count);
    }

    [Theory]
    [InlineData("", "is empty", "it is no ONNX model: export or download it again")]
    [InlineData("hello world", "starts with 68 65 6c 6c 6f 20 77 6f \"hello wo\" (11 bytes)", "export or download it again")]
    [InlineData("version https://git-lfs.github.com/spec/v1\n", "starts with 76 65 72 73 69 6f 6e 20 \"version \"", "this looks like a Git LFS pointer; fetch the file itself with 'git lfs pull'")]
    [InlineData("PK\u0003\u0004abc", "starts with 50 4b 03 04 61 62 63 \"PK..abc\"", "this looks like a zip archive, perhaps a PyTorch checkpoint; export it with torch.onnx.export")]
    [InlineData("<!DOCTYPE html>", "starts with 3c 21", "this looks like markup, perhaps a web page saved instead of the file; download it again")]
    public void What_is_not_ONNX_is_told_by_its_first_bytes(string content, string found, string cure)
    {
        var path = Path.Combine(folder, "net.onnx");
        File.WriteAllText(path, content, new UTF8Encoding(false));

        var error = Assert.Throws<OnnxException>(() => OnnxModel.Load(path));

        Assert.StartsWith($"{path}: {found}", error.Message);
        Assert.Contains(Expected, error.Message);
        Assert.EndsWith(cure, error.Message);
    }

    [Fact]
    public void A_file_that_is_not_there_is_named()
    {
        var path = Path.Combine(folder, "absent.onnx");

        Assert.StartsWith($"{path}: cannot be read (", Assert.Throws<OnnxException>(() => OnnxModel.Load(path)).Message);
    }

    [Fact]
    public void A_file_cut_short_is_called_damaged()
    {
        var bytes = File.ReadAllBytes(Golden.PathOf("old.onnx"));

        var error = Assert.Throws<OnnxException>(() => OnnxModel.Parse(bytes.AsSpan(0, bytes.Length / 2), "half"));

        Assert.Contains("it is damaged or cut short", error.Message);
    }

    [Fact]
    public void Whatever_the_bytes_only_OnnxException_comes_out()
    {
        var original = File.ReadAllBytes(Golden.PathOf("old.onnx"));
        var random = new Random(7);
        var (read, refused) = (0, 0);
        for (var i = 0; i < 600; i++)
        {
            var bytes = original[..(i % 3 == 0 ? random.Next(original.Length) : original.Length)];
            for (var flips = random.Next(1, 12); flips > 0 && bytes.Length > 0; flips--)
            {
                // Half of the changes go to the last 400 bytes, which hold no weights but structure alone.
                var at = random.Next(2) == 0 ? random.Next(bytes.Length) : Math.Max(0, bytes.Length - 1 - random.Next(400));
                bytes[at] = (byte)random.Next(256);
            }

            try
            {
                var model = OnnxModel.Parse(bytes);
                _ = (model.ToString(), model.Operators, model.Metadata, model.ToBytes());
                _ = Cut.At(BatchDimension.Free(model), [.. model.TensorNames.Take(1)]).ToBytes();
                read++;
            }
            catch (OnnxException)
            {
                refused++;
            }
        }

        Assert.True(read > 50 && refused > 50, $"{read} read, {refused} refused: the mutations no longer try both");
    }

    [Fact]
    public void Nesting_without_end_is_refused()
    {
        var inner = Graphs.Relu(2).Proto.Graph;
        for (var i = 0; i < 200; i++)
        {
            var node = new NodeProto { OpType = "If", Output = { "y" } };
            node.Attribute.Add(new AttributeProto { Name = "then_branch", G = inner });
            inner = new GraphProto { Node = { node } };
        }

        var bytes = new ModelProto { Graph = inner }.ToByteArray();

        Assert.Throws<OnnxException>(() => OnnxModel.Parse(bytes));
    }

    [Fact]
    public void An_operator_set_too_old_is_refused_with_the_cure()
    {
        var old = OnnxModel.Load(Golden.PathOf("old.onnx")).Proto.Clone();
        old.OpsetImport[0].Version = 6;

        var error = Assert.Throws<OnnxException>(() => Cut.At(new OnnxModel(old, "old"), ["y"]));

        Assert.Equal("old: uses operator set 6; expected 7 or newer: convert it with onnx.version_converter.convert_version(model, 13)", error.Message);
    }

    [Fact]
    public void Weights_in_a_file_beside_the_model_are_read()
    {
        var path = WithExternalData("weights.bin", offset: 8);
        File.WriteAllBytes(Path.Combine(folder, "weights.bin"), [.. new byte[8], .. BitConverter.GetBytes(2f), .. BitConverter.GetBytes(3f)]);

        var model = OnnxModel.Load(path);

        Assert.Equal([2, 6], Graphs.Run(model, ("x", TensorValue.Of([1, 2], 1, 2))).Floats);
        Assert.NotNull(model.ContentHash);
    }

    [Theory]
    [InlineData("absent.bin", "which cannot be read")]
    [InlineData("../weights.bin", "outside the model's folder; expected a file beside the model: export it again with relative external data")]
    [InlineData("/etc/hostname", "outside the model's folder")]
    [InlineData("", "outside the model's folder")]
    public void Weights_elsewhere_are_refused(string location, string message)
    {
        var path = WithExternalData(location, offset: 0);

        var error = Assert.Throws<OnnxException>(() => OnnxModel.Load(path));

        Assert.StartsWith($"{path}: tensor 'w'", error.Message);
        Assert.Contains(message, error.Message);
    }

    [Fact]
    public void A_data_file_too_short_is_refused()
    {
        var path = WithExternalData("weights.bin", offset: 4);
        File.WriteAllBytes(Path.Combine(folder, "weights.bin"), new byte[8]);

        var error = Assert.Throws<OnnxException>(() => OnnxModel.Load(path));

        Assert.Contains("expects bytes 4 to 12 of ", error.Message);
        Assert.EndsWith("which has 8; download or export both files again", error.Message);
    }

    [Fact]
    public void Bytes_alone_cannot_reach_a_data_file()
    {
        var bytes = File.ReadAllBytes(WithExternalData("weights.bin", offset: 0));

        var error = Assert.Throws<OnnxException>(() => OnnxModel.Parse(bytes, "net"));

        Assert.Equal("net: tensor 'w' keeps its data in the file 'weights.bin'; bytes alone cannot reach it: load the model by its path", error.Message);
    }

    private string WithExternalData(string location, int offset)
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 2);
        builder.NodeInto("y", "Mul", ["x", builder.Floats("w", [0, 0], 2)]);
        builder.Output("y", ElementType.Float, -1, 2);
        var model = builder.Build();
        var tensor = model.Graph.Initializer[0];
        tensor.ClearRawData();
        tensor.DataLocation = TensorProto.Types.DataLocation.External;
        foreach (var (key, value) in new[] { ("location", location), ("offset", $"{offset}"), ("length", "8") })
        {
            tensor.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });
        }

        var path = Path.Combine(folder, "net.onnx");
        model.Save(path);
        return path;
    }
}
