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
        Assert.Equal("tap 'a:mean': pooling 'mean'; expected average, max, none or gridN, such as a:average", Refused<BackboneException>(new() { Taps = ["a:mean"] }));
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

    private Backbone Load(BackboneSettings? settings = null) =>
        Backbone.Load("tiny", ExecutionProvider.Cpu, (settings ?? new()) with { Catalogue = tiny.Catalogue, Threads = 1 });

    private string Refused<T>(BackboneSettings settings) where T : Exception => Assert.Throws<T>(() => Load(settings)).Message;

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
