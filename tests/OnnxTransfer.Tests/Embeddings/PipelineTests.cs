using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;
using OnnxTransfer.Tests.Backbones;

namespace OnnxTransfer.Tests.Embeddings;

/// <summary>How a run divides its work: the same bits however it does, and nothing lost when the backbone fails.</summary>
public sealed class PipelineTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _tiny = new();

    public void Dispose()
    {
        _folder.Dispose();
        _tiny.Dispose();
    }

    [Theory]
    [InlineData(1, 1, 8)]
    [InlineData(2, 2, 8)]
    [InlineData(4, 1, 3)]
    [InlineData(1, 4, 16)]
    [InlineData(7, 5, 0)] // tuned
    public void The_division_does_not_change_a_bit(int threads, int decoders, int batch)
    {
        var images = SmallImages.Write(_folder, 150);
        var alone = Run(images, "alone", new() { BatchSize = 1, Threads = 1 }, new() { DecodeThreads = 1 });

        var divided = Run(images, "divided", new() { BatchSize = batch, Threads = threads }, new() { DecodeThreads = decoders, LeastToTune = 100 });

        Assert.Equal(alone.Rows, divided.Rows);
        var division = divided.Report.Division;
        Assert.Equal((decoders, threads, 1), (division.DecodeThreads, division.Runs, division.ThreadsPerRun));
        Assert.StartsWith(batch > 0 ? "batch as asked" : "batch as measured: ", division.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Batches_are_filled_and_the_rest_is_divided()
    {
        var images = SmallImages.Write(_folder, 43);

        Assert.Equal(6, Run(images, "one", new() { BatchSize = 8, Threads = 1 }).Report.Runs);
        Assert.InRange(Run(images, "two", new() { BatchSize = 8, Threads = 2 }).Report.Runs, 6, 7);
    }

    [Fact]
    public void More_threads_than_cores_are_allowed_and_told()
    {
        var images = SmallImages.Write(_folder, 3);
        var asked = Environment.ProcessorCount + 3;

        Assert.Equal(
            $"{asked} threads on {Environment.ProcessorCount} cores: they take turns, which costs time and memory and gains something only where they wait for a disk or a GPU",
            Run(images, "many", new() { Threads = asked }).Report.Division.Note);
        Assert.Null(Run(images, "usual", new()).Report.Division.Note);
    }

    [Fact]
    public void Stages_are_told_with_their_processor_time()
    {
        var report = Run(SmallImages.Write(_folder, 40), "cache", new()).Report;

        Assert.Equal(["read", "decode", "resize", "infer", "write"], report.Stages.Select(stage => stage.Name));
        Assert.All(report.Stages, stage => Assert.InRange(stage.CpuSeconds, 0, stage.BusySeconds + 0.01));
        Assert.All(report.Stages, stage => Assert.Equal(40, stage.Images));
        Assert.All(report.Stages, stage => Assert.InRange(stage.Utilisation, double.Epsilon, 1));
        Assert.InRange(report.CoreUse!.Value, double.Epsilon, 1);
    }

    [Fact]
    public void When_the_backbone_fails_what_it_embedded_is_kept()
    {
        FailOnWhite();
        var images = SmallImages.Write(_folder, 60);
        var white = SmallImages.Bitmap(0);
        white.AsSpan(54).Fill(255);
        File.WriteAllBytes(_folder["images", "odd", "zz.bmp"], white);

        var error = Assert.Throws<InferenceException>(() => Run(images, "cache", new() { BatchSize = 4, Threads = 1 }, new() { DecodeThreads = 1 }));

        Assert.Matches("^.*tiny.*: ONNX Runtime failed on cpu: .*; what was embedded before is kept: run again to go on from there$", error.Message.ReplaceLineEndings(" "));
        var kept = CacheVerifier.Verify(_folder["cache"]);
        Assert.True(kept.IsSound);
        Assert.Equal(2 * 60, kept.Embeddings); // the white image comes last, in a batch of its own; two taps an image
        File.Delete(_folder["images", "odd", "zz.bmp"]);
        Assert.Equal((0, 60), Run(images, "cache", new()).Report is var again ? (again.Embedded, again.FromCache) : default);
    }

    [Fact]
    public void A_batch_larger_than_memory_is_refused_with_what_would_fit()
    {
        var error = Assert.Throws<InferenceException>(() => Load(new() { BatchSize = 20_000_000 }).Dispose());

        Assert.Matches(@"^.*a run of batch 20000000 needs [0-9.]+ GB for its tensors; expected at most the [0-9.]+ GB that this process may use: choose a smaller batch \([0-9]+ would fit\), a smaller input or an earlier tap$", error.Message);
    }

    // A Gather whose index is 0 for all images but a white one, for which it lies outside: an operator that fails when it is
    // run, as all do on a GPU that is gone.
    private void FailOnWhite()
    {
        var builder = GraphBuilder.Over(_tiny.Model);
        var nodes = builder.Graph.Node.ToArray();
        builder.Graph.Node.Clear();
        builder.Graph.Node.Add(nodes[0]);
        var least = builder.Node("ReduceMin", ["input"], "least", ("axes", new long[] { 1, 2, 3 }), ("keepdims", 1));
        var halved = builder.Node("Mul", [least, builder.Floats("half", [0.45f], 1)], "halved");
        var whole = builder.Node("Cast", [halved], "whole", ("to", (int)ElementType.Int64));
        var none = builder.Node("Gather", [builder.Floats("zero", [0f], 1), whole], "none", ("axis", 0));
        nodes[1].Input[0] = builder.Node("Add", [nodes[0].Output[0], none], "sum");
        builder.Graph.Node.Add(nodes[1..]);
        _tiny.Replace(builder.Build());
    }

    private Backbone Load(BackboneSettings settings) => Backbone.Load("tiny", ExecutionProvider.Cpu, settings with { Catalogue = _tiny.Catalogue });

    private (EmbedReport Report, float[][] Rows) Run(string path, string cache, BackboneSettings backbone, EmbedSettings? settings = null)
    {
        using var loaded = Load(backbone);
        using var opened = EmbeddingCache.Open(_folder[cache]);
        var run = Embedder.Run(loaded, DatasetReader.Open(path), opened, settings);
        var set = run.ToSet();
        return (run.Report, [.. Enumerable.Range(0, set.Count).Select(i => set.Rows[i].ToArray())]);
    }
}
