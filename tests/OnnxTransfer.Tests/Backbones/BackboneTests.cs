using OnnxTransfer.Backbones;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;
using OnnxTransfer.Tests.Onnx;

namespace OnnxTransfer.Tests.Backbones;

public sealed class BackboneTests : IDisposable
{
    private readonly TinyBackbone tiny = new();

    public void Dispose() => tiny.Dispose();

    [Fact]
    public void Says_what_it_is()
    {
        using var backbone = Load();

        Assert.Equal(["a:grid2", "b:average"], backbone.Taps.Select(t => t.Label));
        Assert.Equal([16, 6], backbone.Taps.Select(t => t.Width));
        Assert.Equal((22, 8, 8, 8), (backbone.Width, backbone.PixelHeight, backbone.PixelWidth, backbone.BatchSize));
        Assert.Equal(ExecutionProvider.Cpu, backbone.Provider);
        Assert.Equal("fp32", backbone.Precision);
        Assert.Equal(backbone.Description.Sha256, backbone.Sha256);
    }

    [Fact]
    public void Embeds_as_the_uncut_network_followed_by_its_parts()
    {
        using var backbone = Load(new() { Taps = ["v", "b:none"] });
        var pixels = Pixels(3);
        using var buffers = backbone.CreateBuffers();
        pixels.CopyTo(buffers.Bytes);

        backbone.Run(buffers, 3);

        // logits = v x w3^T, on the network as it came; v = mean of b over its 16 places.
        var w3 = Graphs.Floats(12, 3);
        var input = TensorValue.Of(Normalised(pixels), 3, 3, 8, 8);
        var logits = Graphs.Run(tiny.Model, ("input", input)).Floats;
        for (var row = 0; row < 3; row++)
        {
            var v = buffers.OutputRow(0, row).ToArray();
            var b = buffers.OutputRow(1, row).ToArray();
            Graphs.Near(v, [.. b.Chunk(16).Select(places => places.Average())], 1e-5f);
            Graphs.Near(logits.AsSpan(row * 2, 2), [Dot(v, w3[..6]), Dot(v, w3[6..])], 1e-5f);
        }
    }

    [Fact]
    public void The_embedding_graph_gives_the_taps_one_after_the_other()
    {
        using var backbone = Load();
        var pixels = Pixels(2);
        using var buffers = backbone.CreateBuffers();
        pixels.CopyTo(buffers.Bytes);
        backbone.Run(buffers, 2);

        var graph = backbone.ToEmbeddingGraph();
        var embedding = Graphs.Run(graph, ("pixels", TensorValue.OfBytes(pixels, 2, 8, 8, 3)));

        Assert.Equal("uint8 pixels[N,8,8,3]", Assert.Single(graph.Inputs).ToString());
        Assert.Equal("float embedding[N,22]", Assert.Single(graph.Outputs).ToString());
        Graphs.Near([.. buffers.OutputRow(0, 1), .. buffers.OutputRow(1, 1)], embedding.Floats.AsSpan(22), 1e-6f);
    }

    [Fact]
    public void Pooling_can_be_asked_for_per_tap_and_for_all()
    {
        using var own = Load(new() { Taps = ["a:max", "a:grid4", "v"] });
        using var all = Load(new() { Taps = ["a", "b:none", "v"], Pooling = TapPooling.Max });

        Assert.Equal(["a:max", "a:grid4", "v:none"], own.Taps.Select(t => t.Label));
        Assert.Equal([4, 64, 6], own.Taps.Select(t => t.Width));
        Assert.Equal(["a:max", "b:none", "v:none"], all.Taps.Select(t => t.Label));
        Assert.Equal([4, 96, 6], all.CreateBuffers().OutputWidths);
    }

    [Fact]
    public void Both_is_the_average_followed_by_the_max()
    {
        using var backbone = Load(new() { Taps = ["a:both", "a:average", "a:max"] });
        using var buffers = backbone.CreateBuffers();
        Pixels(1).CopyTo(buffers.Bytes);

        backbone.Run(buffers, 1);

        Assert.Equal([8, 4, 4], buffers.OutputWidths);
        Graphs.Near([.. buffers.OutputRow(1, 0), .. buffers.OutputRow(2, 0)], buffers.OutputRow(0, 0), 1e-6f);
    }

    [Fact]
    public void The_embedding_graph_divides_all_taps_together_by_their_length()
    {
        using var raw = Load();
        using var unit = Load(new() { L2Normalize = true });
        var pixels = TensorValue.OfBytes(Pixels(3), 3, 8, 8, 3);

        var expected = Graphs.Run(raw.ToEmbeddingGraph(), ("pixels", pixels)).Floats;
        var graph = unit.ToEmbeddingGraph();
        var found = Graphs.Run(graph, ("pixels", pixels)).Floats;

        for (var row = 0; row < 3; row++)
        {
            var values = expected.AsSpan(row * 22, 22).ToArray();
            var length = Math.Sqrt(values.Sum(v => (double)v * v));
            Graphs.Near([.. values.Select(v => (float)(v / length))], found.AsSpan(row * 22, 22), 1e-6f);
        }

        Assert.Equal("float embedding[N,22]", Assert.Single(graph.Outputs).ToString());
        Assert.Equal(raw.Taps.Select(t => t.Identity), unit.Taps.Select(t => t.Identity));
    }

    [Fact]
    public void Half_precision_is_near_full_and_counts_as_another()
    {
        using var full = Load(new() { Taps = ["a", "b:both", "v"] });
        using var half = Load(new() { Taps = ["a", "b:both", "v"], Precision = Precision.Fp16 });
        var (expected, found) = (Embedding(full), Embedding(half));

        Assert.NotEqual(expected, found);
        Graphs.Near(expected, found, 4e-3f * expected.Max(Math.Abs));
        Assert.Equal(("fp32", "fp16"), (full.Precision, half.Precision));
        Assert.All(half.Taps, tap => Assert.EndsWith(" fp16", tap.Identity));
        Assert.Equal("fp16 gains no speed on a CPU, which computes in fp32 between the rounded numbers; it is for GPUs", Assert.Single(half.Notes));
        Assert.Equal(
            ("uint8 pixels[N,8,8,3]", "float embedding[N,34]"),
            (Assert.Single(half.ToEmbeddingGraph().Inputs).ToString(), Assert.Single(half.ToEmbeddingGraph().Outputs).ToString()));
        Assert.Contains(half.ToEmbeddingGraph().Graph.Initializer, weights => weights.DataType == (int)ElementType.Float16);
    }

    [Fact]
    public void A_map_in_another_layout_than_the_input_gives_the_same_vector()
    {
        // As converters from Keras write it: an NHWC input, turned into NCHW at once.
        var proto = tiny.Model.Proto.Clone();
        var transpose = new OnnxTransfer.Onnx.Proto.NodeProto { OpType = "Transpose", Input = { "image" }, Output = { "input" } };
        transpose.Attribute.Add(new OnnxTransfer.Onnx.Proto.AttributeProto
        {
            Name = "perm", Type = OnnxTransfer.Onnx.Proto.AttributeProto.Types.AttributeType.Ints, Ints = { 0, 3, 1, 2 },
        });
        proto.Graph.Node.Insert(0, transpose);
        var input = proto.Graph.Input[0];
        input.Name = "image";
        (input.Type.TensorType.Shape.Dim[1].DimValue, input.Type.TensorType.Shape.Dim[3].DimValue) = (8, 3);
        float[] expected;
        using (var plain = Load())
        {
            expected = Embedding(plain);
        }

        tiny.Json["input"]!["tensor"] = "image";
        tiny.Json["input"]!["layout"] = "NHWC";
        foreach (var tap in tiny.Json["taps"]!.AsArray().Take(2))
        {
            tap!["layout"] = "NCHW";
        }

        tiny.Replace(new OnnxModel(proto, "keras"));
        using var turned = Load();

        Graphs.Near(expected, Embedding(turned), 1e-6f);
        Assert.Equal([TensorLayout.Nchw, TensorLayout.Nchw], turned.Taps.Select(t => t.Layout));
    }

    [Fact]
    public void A_graph_of_a_fixed_batch_is_run_with_it()
    {
        var pixels = Pixels(5);
        float[] expected;
        using (var plain = Load())
        {
            expected = Embedding(plain, pixels);
        }

        tiny.FixBatch(5);
        using var backbone = Load();
        using var said = Load(new() { BatchSize = 5 });

        Assert.Equal((5, 5), (backbone.BatchSize, said.BatchSize));
        Graphs.Near(expected, Embedding(backbone, pixels), 1e-6f);
        Assert.Equal("uint8 pixels[5,8,8,3]", Assert.Single(backbone.ToEmbeddingGraph().Inputs).ToString());
        Assert.Equal(
            "backbone 'tiny': its graph takes 5 images at once and no other number, and batches of 8 were asked for; ask for 5, or leave the batch size out",
            Refused<BackboneException>(new() { BatchSize = 8 }));
    }

    [Fact]
    public void A_fixed_batch_that_is_not_the_graphs_is_refused()
    {
        tiny.FixBatch(5);
        tiny.Json["input"]!["batch"] = 4;
        tiny.Write();

        Assert.Equal(
            $"{tiny.DescriptionPath}: the input is described with batch 4, but the graph takes 5; correct the batch there", Refused<BackboneException>(new()));
    }

    [Fact]
    public void Without_a_hash_it_goes_by_the_files_own_and_says_so()
    {
        var sha256 = BackboneDescription.Load(tiny.DescriptionPath).Sha256;
        using var verified = Load();
        tiny.Json.Remove("sha256");
        tiny.Write();

        using var backbone = Load();

        Assert.Equal(sha256, backbone.Sha256);
        Assert.Equal(verified.Taps[0].Identity, backbone.Taps[0].Identity);
        Assert.Empty(verified.Notes);
        Assert.Equal(
            $"{tiny.ModelPath} is unverified: {tiny.DescriptionPath} gives no hash to hold it against (its sha256 is {sha256})", Assert.Single(backbone.Notes));
    }

    [Fact]
    public void Identity_changes_with_all_that_changes_the_embedding()
    {
        string Of(Action<System.Text.Json.Nodes.JsonObject>? change = null, string tap = "a")
        {
            using var changed = new TinyBackbone();
            change?.Invoke(changed.Json);
            changed.Write();
            using var backbone = Backbone.Load(changed.ModelPath, ExecutionProvider.Cpu, new() { Taps = [tap] });
            return Assert.Single(backbone.Taps).Identity;
        }

        var identity = Of();
        Assert.Equal(
            BackboneDescription.Load(tiny.DescriptionPath).Sha256 + " a grid2 input Nchw Rgb 8x8 mean 0.5,0.4,0.3 std 0.2,0.25,0.3 fp32", identity);
        Assert.Equal(identity, Of(json => json["name"] = "other-name-same-net", tap: "a:grid2"));
        string[] others = [Of(tap: "a:max"), Of(tap: "b:grid2"), Of(j => j["preprocessing"]!["mean"]![0] = 0.51), Of(j => j["input"]!["channels"] = "BGR")];
        Assert.DoesNotContain(identity, others);
        Assert.Equal(others.Length, others.Distinct().Count());
    }

    [Fact]
    public void Weights_in_another_file_are_part_of_the_identity()
    {
        var proto = tiny.Model.Proto.Clone();
        var tensor = proto.Graph.Initializer[0];
        var weights = tensor.RawData.ToByteArray();
        tensor.ClearRawData();
        tensor.DataLocation = OnnxTransfer.Onnx.Proto.TensorProto.Types.DataLocation.External;
        tensor.ExternalData.Add(new OnnxTransfer.Onnx.Proto.StringStringEntryProto { Key = "location", Value = "tiny.weights" });
        new OnnxModel(proto, "tiny").Save(tiny.ModelPath);
        tiny.Json["sha256"] = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(tiny.ModelPath)));
        tiny.Write();
        string Identity()
        {
            File.WriteAllBytes(Path.Combine(tiny.Folder, "tiny.weights"), weights);
            using var backbone = Load();
            Assert.Equal(
                $"{tiny.ModelPath} keeps weights in files beside it, which its sha256 does not cover; the cache tells them apart by their content",
                Assert.Single(backbone.Notes));
            return backbone.Taps[0].Identity;
        }

        var before = Identity();
        weights[5] ^= 1;

        Assert.NotEqual(before, Identity());
    }

    [Fact]
    public void A_tap_that_does_not_exist_lists_those_that_do() => Assert.Equal(
        "backbone 'tiny': has no tap 'c'; it has 'a' (4 x 8 x 8, grid2: 16 wide), 'b' (6 x 4 x 4, average: 6 wide), 'v' (6, none: 6 wide)",
        Refused<BackboneException>(new() { Taps = ["c"] }));

    [Fact]
    public void Wrong_taps_are_refused()
    {
        Assert.Equal("tap 'a:mean': pooling 'mean'; expected average, max, both, none or gridN, such as a:average", Refused<BackboneException>(new() { Taps = ["a:mean"] }));
        Assert.Equal("tap 'v:max': is a vector of 6, which has no places to pool over; expected 'v' or 'v:none'", Refused<BackboneException>(new() { Taps = ["v:max"] }));
        Assert.Equal("backbone 'tiny': tap a:grid2 was asked for twice; once is enough", Refused<BackboneException>(new() { Taps = ["a", "a:grid2"] }));
        Assert.StartsWith("backbone 'tiny': no tap was asked for; it has 'a'", Refused<BackboneException>(new() { Taps = [] }));
    }

    [Fact]
    public void A_file_other_than_described_is_refused_with_both_hashes()
    {
        File.AppendAllText(tiny.ModelPath, "x");
        var expected = BackboneDescription.Load(tiny.DescriptionPath).Sha256;

        var message = Refused<BackboneException>(new());

        Assert.StartsWith($"{tiny.ModelPath}: has SHA-256 ", message);
        Assert.EndsWith(
            $"; expected {expected}, as {tiny.DescriptionPath} says; fetch the file again, or, if you changed it on purpose, "
            + "put the new SHA-256 and a name of its own into the description",
            message);
    }

    [Fact]
    public void A_file_that_is_missing_is_named_with_its_source()
    {
        File.Delete(tiny.ModelPath);
        var expected = BackboneDescription.Load(tiny.DescriptionPath).Sha256;

        Assert.Equal(
            $"{tiny.ModelPath}: not there, though {tiny.DescriptionPath} describes it; put the file of SHA-256 {expected} there (source: these tests)",
            Refused<BackboneException>(new()));
    }

    [Theory]
    [InlineData(true, "get the file of SHA-256 {0} with: python3 models/export.py tiny")]
    [InlineData(false, "get it with: python3 models/export.py tiny")]
    public void A_file_that_is_missing_is_got_by_a_command(bool hashed, string cure)
    {
        File.Delete(tiny.ModelPath);
        var sha256 = BackboneDescription.Load(tiny.DescriptionPath).Sha256;
        tiny.Json["obtain"] = "python3 models/export.py tiny";
        if (!hashed)
        {
            tiny.Json.Remove("sha256");
        }

        tiny.Write();

        Assert.Equal($"{tiny.ModelPath}: not there, though {tiny.DescriptionPath} describes it; {string.Format(cure, sha256)}", Refused<BackboneException>(new()));
    }

    [Fact]
    public void More_taps_than_are_kept_apart_are_refused() => Assert.Equal(
        "backbone 'tiny': 65 taps were asked for; expected at most 64",
        Refused<BackboneException>(new() { Taps = [.. Enumerable.Range(1, 64).Select(i => $"a:grid{i}"), "b"] }));

    [Fact]
    public void A_tensor_the_graph_lacks_is_named()
    {
        tiny.Json["taps"]![0]!["tensor"] = "aa";
        tiny.Write();

        Assert.StartsWith($"{tiny.ModelPath}: has no tensor 'aa'; it has ", Refused<OnnxException>(new()));
    }

    [Fact]
    public void A_shape_the_graph_does_not_have_is_refused()
    {
        tiny.Json["taps"]![0]!["shape"] = new System.Text.Json.Nodes.JsonArray(5, 8, 8);
        tiny.Json["taps"]![0]!["width"] = 20;
        tiny.Write();

        Assert.Equal(
            $"{tiny.DescriptionPath}: tap 'a' is described as [5, 8, 8] with pooling grid2, 20 wide, but the graph gives 16; correct shape and width",
            Refused<BackboneException>(new()));
    }

    [Theory]
    [InlineData(ExecutionProvider.Cpu, Precision.Fp32, true, "fp32")]
    [InlineData(ExecutionProvider.Cuda, Precision.Fp32, false, "fp32")]
    [InlineData(ExecutionProvider.Cuda, Precision.Fp32, true, "tf32")]
    [InlineData(ExecutionProvider.Cuda, Precision.Fp16, false, "fp16")]
    [InlineData(ExecutionProvider.Cuda, Precision.Fp16, true, "fp16 tf32")]
    [InlineData(ExecutionProvider.TensorRT, Precision.Fp32, false, "tensorrt tf32")]
    [InlineData(ExecutionProvider.TensorRT, Precision.Fp16, false, "tensorrt fp16")]
    [InlineData(ExecutionProvider.Cpu, Precision.Fp32, false, "int8", "int8")]
    [InlineData(ExecutionProvider.Cuda, Precision.Fp32, true, "int8 tf32", "int8")]
    [InlineData(ExecutionProvider.TensorRT, Precision.Fp32, false, "tensorrt int8", "int8")]
    public void Other_arithmetic_counts_as_another_computation(ExecutionProvider provider, Precision precision, bool tf32, string name, string written = "") =>
        Assert.Equal(name, Backbone.PrecisionOn(provider, new() { Precision = precision, AllowTf32 = tf32 }, written));

    [Fact]
    public void Gpus_asked_for_beside_the_cpu_are_said_to_be_idle()
    {
        using var backbone = Load(new() { Devices = [0, 1] });

        Assert.Equal(1, backbone.DeviceCount);
        Assert.Contains("GPUs 0, 1 were asked for and none is in use", backbone.Notes);
    }

    [Fact]
    public void Gpus_are_numbers_each_once_and_several_record_no_graphs()
    {
        Assert.Equal("devices 1, 1: expected numbers of GPUs from 0 on, each once", Refused<BackboneException>(new() { Devices = [1, 1] }));
        Assert.Equal("devices -1: expected numbers of GPUs from 0 on, each once", Refused<BackboneException>(new() { Devices = [-1] }));
        Assert.Equal(
            "devices 0, 1: CUDA graphs are recorded one at a time, which several GPUs would wait for; leave out the graph (--cuda-graph) or all but one GPU",
            Refused<BackboneException>(new() { Devices = [0, 1], Gpu = new() { CudaGraph = true } }));
    }

    private Backbone Load(BackboneSettings? settings = null) =>
        Backbone.Load("tiny", ExecutionProvider.Cpu, (settings ?? new()) with { Catalogue = tiny.Catalogue, Threads = 1 });

    private string Refused<T>(BackboneSettings settings) where T : Exception => Assert.Throws<T>(() => Load(settings)).Message;

    private static float[] Embedding(Backbone backbone, byte[]? pixels = null)
    {
        pixels ??= Pixels(2);
        var count = pixels.Length / 192;
        using var buffers = backbone.CreateBuffers();
        pixels.CopyTo(buffers.Bytes);
        backbone.Run(buffers, count);
        return [.. Enumerable.Range(0, backbone.Taps.Count).SelectMany(tap => buffers.Output(tap).ToArray())];
    }

    private static byte[] Pixels(int images)
    {
        var pixels = new byte[images * 8 * 8 * 3];
        new Random(5).NextBytes(pixels);
        return pixels;
    }

    /// <summary>The plain form of the normalisation: NHWC bytes to NCHW floats.</summary>
    private static float[] Normalised(byte[] pixels)
    {
        float[] mean = [0.5f, 0.4f, 0.3f], std = [0.2f, 0.25f, 0.3f];
        var x = new float[pixels.Length];
        for (var i = 0; i < pixels.Length; i++)
        {
            var (image, place, channel) = (i / 192, i % 192 / 3, i % 3);
            x[(image * 192) + (channel * 64) + place] = ((pixels[i] / 255f) - mean[channel]) / std[channel];
        }

        return x;
    }

    private static float Dot(float[] a, float[] b) => a.Zip(b, (x, y) => x * y).Sum();
}
