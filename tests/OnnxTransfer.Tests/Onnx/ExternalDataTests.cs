using System.Security.Cryptography;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Tests.Onnx;

/// <summary>Weights in files beside the model: read or mapped, shared by what is made of the model, written, refused.</summary>
public sealed class ExternalDataTests : IDisposable
{
    // Below this nothing is mapped in any case; the layer of weights used here has 4 times as much.
    private const int Inputs = 256;
    private const int Width = 256;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Saved_with_external_data_it_loads_as_it_was()
    {
        var model = Net();

        model.Save(_folder["net.onnx"], externalData: true);

        var data = Assert.Single(Directory.GetFiles(_folder.Path, "*.data"));
        Assert.Equal($"net.onnx.{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(data)))[..16]}.data", Path.GetFileName(data));
        Assert.Equal(2, Directory.GetFiles(_folder.Path).Length);
        Assert.True(new FileInfo(_folder["net.onnx"]).Length < 4096);
        var external = ModelProto.Parser.ParseFrom(File.ReadAllBytes(_folder["net.onnx"])).Graph.Initializer.Where(t => t.ExternalData.Count > 0).ToArray();
        Assert.Equal(["w", "v"], external.Select(t => t.Name));
        Assert.All(external, t => Assert.Equal(0, long.Parse(t.ExternalData.Single(e => e.Key == "offset").Value, null) % 4096));
        Assert.Equal(model.ToBytes(), OnnxModel.Load(_folder["net.onnx"]).ToBytes());
    }

    [Fact]
    public void Mapped_or_read_all_functions_give_the_same()
    {
        Net().Save(_folder["net.onnx"], externalData: true);
        var read = OnnxModel.Load(_folder["net.onnx"]);
        var mapped = OnnxModel.Load(_folder["net.onnx"], readLimit: 0);
        static OnnxModel Changed(OnnxModel model) => ModelMetadata.Merge(
            HeadGraph.Attach(Cut.At(BatchDimension.Free(model), ["hidden"]), "hidden", Graphs.Floats(2 * Width, 5), [0, 1], HeadOutput.Value, "head"),
            new Dictionary<string, string> { ["a"] = "b" });

        var (fromRead, fromMapped) = (Changed(read), Changed(mapped));

        Assert.Null(MappedData.Of(read.Graph.Initializer[0]));
        Assert.NotNull(MappedData.Of(fromMapped.Graph.Initializer[0]));
        Assert.Equal(read.ContentHash, mapped.ContentHash);
        Assert.Equal(TensorData.Floats(read.Graph.Initializer[0]), TensorData.Floats(mapped.Graph.Initializer[0]));
        Assert.Equal(fromRead.ToBytes(), fromMapped.ToBytes());
        var x = TensorValue.Of(Graphs.Floats(2 * Inputs, 9), 2, Inputs);
        Assert.Equal(Run(fromRead, "head", x), Run(fromMapped, "head", x));
    }

    [Fact]
    public void A_mapped_model_is_opened_by_its_file_and_not_by_its_bytes()
    {
        Net().Save(_folder["net.onnx"], externalData: true);

        var linked = LinkedBytes.Of(OnnxModel.Load(_folder["net.onnx"], readLimit: 0));

        Assert.Equal(RealPath.Of(_folder.Path), linked.Folder);
        Assert.True(linked.Bytes.Length < 4096);
        Assert.Null(LinkedBytes.Of(Net()).Folder);
    }

    [Fact]
    public void A_mapped_model_saves_as_one_file_or_two_even_over_itself()
    {
        var net = Net();
        net.Save(_folder["net.onnx"], externalData: true);
        var mapped = OnnxModel.Load(_folder["net.onnx"], readLimit: 0);

        mapped.Save(_folder["one.onnx"]);
        mapped.Save(_folder["net.onnx"], externalData: true);

        Assert.Equal(net.ToBytes(), File.ReadAllBytes(_folder["one.onnx"]));
        Assert.Equal(3, Directory.GetFiles(_folder.Path).Length);
        var x = TensorValue.Of(Graphs.Floats(Inputs, 9), 1, Inputs);
        Assert.Equal(Run(net, "y", x), Run(mapped, "y", x));
    }

    [Fact]
    public void A_data_file_changed_after_it_was_mapped_is_refused()
    {
        Net().Save(_folder["net.onnx"], externalData: true);
        var mapped = OnnxModel.Load(_folder["net.onnx"], readLimit: 0);
        var data = Assert.Single(Directory.GetFiles(_folder.Path, "*.data"));
        File.Move(data, data + ".old");
        File.WriteAllBytes(data, new byte[10]);

        var error = Assert.Throws<OnnxException>(() => OnnxSession.Open(mapped));

        Assert.Equal(
            $"{_folder["net.onnx"]}: its data file {Path.GetFileName(data)} in {RealPath.Of(_folder.Path)} was changed after it was read; expected the same file: load the model again",
            error.Message);
    }

    [Fact]
    public void Other_data_have_another_name_so_that_the_old_model_stays_whole()
    {
        Net().Save(_folder["net.onnx"], externalData: true);
        File.Copy(_folder["net.onnx"], _folder["old.onnx"]);

        Net(seed: 40).Save(_folder["net.onnx"], externalData: true);

        Assert.Equal(Net().ToBytes(), OnnxModel.Load(_folder["old.onnx"]).ToBytes());
        Assert.Equal(Net(seed: 40).ToBytes(), OnnxModel.Load(_folder["net.onnx"]).ToBytes());
    }

    [Fact]
    public void A_folder_that_is_not_there_is_named_when_writing()
    {
        var path = Path.Combine(_folder.Path, "absent", "net.onnx");

        foreach (var external in new[] { false, true })
        {
            Assert.StartsWith($"{path}: cannot be written (", Assert.Throws<OnnxException>(() => Net().Save(path, external)).Message);
        }
    }

    [Theory]
    [InlineData("../weights.bin")]
    [InlineData("sub/../../weights.bin")]
    [InlineData("..\\weights.bin")]
    [InlineData("\\weights.bin")]
    [InlineData("C:\\weights.bin")]
    [InlineData("/etc/hostname")]
    [InlineData("")]
    [InlineData("a\0b")]
    public void A_place_outside_the_folder_is_refused(string location)
    {
        var path = Pointing(location);

        var error = Assert.Throws<OnnxException>(() => OnnxModel.Load(path));

        Assert.Equal(
            $"{path}: tensor 'w' keeps its data in '{location}', outside the model's folder; expected a file beside the model: export it again with relative external data",
            error.Message);
    }

    [Theory]
    [InlineData("link.bin")]
    [InlineData("folder/hidden.bin")]
    public void A_link_that_leads_outside_is_refused(string location)
    {
        var path = Pointing(location);
        File.WriteAllBytes(_folder["elsewhere", "hidden.bin"], new byte[Inputs * Width * 4]);
        File.CreateSymbolicLink(_folder["model", "link.bin"], Path.Combine("..", "elsewhere", "hidden.bin"));
        Directory.CreateSymbolicLink(_folder["model", "folder"], Path.Combine(_folder.Path, "elsewhere"));

        var error = Assert.Throws<OnnxException>(() => OnnxModel.Load(path));

        Assert.Contains($"keeps its data in '{location}', outside the model's folder", error.Message);
    }

    [Fact]
    public void Links_in_a_circle_are_refused()
    {
        var path = Pointing("a.bin");
        File.CreateSymbolicLink(_folder["model", "a.bin"], "b.bin");
        File.CreateSymbolicLink(_folder["model", "b.bin"], "a.bin");

        Assert.Contains("which cannot be read (too many links in ", Assert.Throws<OnnxException>(() => OnnxModel.Load(path)).Message);
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(0)]
    public void Links_within_the_folder_and_of_a_download_cache_are_followed(long readLimit)
    {
        // blobs/ holds the files under their hashes, snapshot/ the links a user sees, the model's own among them.
        var net = Net();
        net.Save(_folder["net.onnx"], externalData: true);
        var data = Path.GetFileName(Assert.Single(Directory.GetFiles(_folder.Path, "*.data")));
        foreach (var (name, blob) in new[] { ("net.onnx", "b1"), (data, "b2") })
        {
            File.Move(_folder[name], _folder["blobs", blob]);
            File.CreateSymbolicLink(_folder["snapshot", name], Path.Combine("..", "blobs", blob));
        }

        var model = OnnxModel.Load(_folder["snapshot", "net.onnx"], readLimit);

        var x = TensorValue.Of(Graphs.Floats(Inputs, 9), 1, Inputs);
        Assert.Equal(Run(net, "y", x), Run(model, "y", x));
    }

    [Theory]
    [InlineData("offset", "-4", "has external data with offset '-4'; expected a number of bytes: export it again")]
    [InlineData("offset", "many", "has external data with offset 'many'; expected a number of bytes: export it again")]
    [InlineData("length", "8", "has external data of 8 bytes; expected 262144 for its type and dimensions [256,256]: export it again")]
    [InlineData("offset", "9223372036854775807", "which has 262144; download or export both files again")]
    [InlineData("offset", "4", "expects bytes 4 to 262148 of ")]
    public void Entries_that_do_not_fit_are_refused(string key, string value, string message)
    {
        var path = Pointing("w.bin", (key, value));
        File.WriteAllBytes(_folder["model", "w.bin"], new byte[Inputs * Width * 4]);

        Assert.Contains(message, Assert.Throws<OnnxException>(() => OnnxModel.Load(path)).Message);
    }

    [Fact]
    public void Without_a_length_the_tensor_says_how_much()
    {
        var path = Pointing("w.bin");
        File.WriteAllBytes(_folder["model", "w.bin"], [.. new byte[Inputs * Width * 4], 1, 2, 3]);

        Assert.All(TensorData.Floats(OnnxModel.Load(path).Graph.Initializer[0])!, v => Assert.Equal(0, v));
    }

    [Fact]
    public void A_constant_in_a_node_may_be_external_too()
    {
        var proto = Net().Proto.Clone();
        var (weights, bytes) = (proto.Graph.Initializer[0], proto.Graph.Initializer[0].RawData.ToByteArray());
        proto.Graph.Initializer.RemoveAt(0);
        ModelWriter.Point(weights, "w.bin", 0, bytes.Length);
        var node = new NodeProto { OpType = "Constant", Output = { "w" } };
        node.Attribute.Add(new AttributeProto { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = weights });
        proto.Graph.Node.Insert(0, node);
        new OnnxModel(proto, "net").Save(_folder["net.onnx"]);
        File.WriteAllBytes(_folder["w.bin"], bytes);

        var x = TensorValue.Of(Graphs.Floats(Inputs, 9), 1, Inputs);
        Assert.Equal(Run(Net(), "y", x), Run(OnnxModel.Load(_folder["net.onnx"], readLimit: 0), "y", x));
    }

    /// <summary>x [N, 256] -> hidden = x w -> y = relu(hidden) v: two weights large enough to be mapped, a bias that is not.</summary>
    private static OnnxModel Net(int seed = 1)
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, Inputs);
        builder.NodeInto("hidden", "Gemm", ["x", builder.Floats("w", Graphs.Floats(Inputs * Width, seed), Inputs, Width), builder.Floats("b", Graphs.Floats(1, 2), 1)]);
        builder.NodeInto("relu", "Relu", ["hidden"]);
        builder.NodeInto("y", "MatMul", ["relu", builder.Floats("v", Graphs.Floats(Width * 300, seed + 1), Width, 300)]);
        builder.Output("y", ElementType.Float, -1, 300);
        return builder.Build();
    }

    /// <summary>A model in the folder model/ whose weights w point to <paramref name="location"/>.</summary>
    private string Pointing(string location, params (string Key, string Value)[] entries)
    {
        var proto = Net().Proto.Clone();
        var weights = proto.Graph.Initializer[0];
        weights.ClearRawData();
        weights.DataLocation = TensorProto.Types.DataLocation.External;
        foreach (var (key, value) in entries.Prepend(("location", location)))
        {
            weights.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });
        }

        var path = _folder["model", "net.onnx"];
        new OnnxModel(proto, path).Save(path);
        return path;
    }

    private static float[] Run(OnnxModel model, string output, TensorValue x)
    {
        using var session = OnnxSession.Open(model, new SessionSettings { Provider = ExecutionProvider.Cpu, Threads = 1 });
        return session.Run(new Dictionary<string, TensorValue> { ["x"] = x }, [output])[output].Floats;
    }
}
