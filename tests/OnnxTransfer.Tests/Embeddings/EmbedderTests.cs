using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Inference;
using OnnxTransfer.Tests.Backbones;

namespace OnnxTransfer.Tests.Embeddings;

public sealed class EmbedderTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _tiny = new();

    public void Dispose()
    {
        _folder.Dispose();
        _tiny.Dispose();
    }

    [Fact]
    public void A_second_run_embeds_nothing_and_gives_the_same_bits()
    {
        var images = SmallImages.Write(_folder, 41);

        var first = Run(images);
        var second = Run(images);

        Assert.Equal((41, 0), (first.Report.Embedded, first.Report.FromCache));
        Assert.Equal((0, 41), (second.Report.Embedded, second.Report.FromCache));
        Assert.Equal(first.Rows, second.Rows);
        Assert.Null(second.Report.Bottleneck);
    }

    [Fact]
    public void Nothing_waits_for_the_thread_that_waits_for_the_run()
    {
        // A window's thread that embeds could never do what the run posts back to it.
        var images = SmallImages.Write(_folder, 41);
        var (context, before) = (new CountedContext(), SynchronizationContext.Current);
        SynchronizationContext.SetSynchronizationContext(context);
        try
        {
            Run(images);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }

        Assert.Equal(0, context.Posts);
    }

    [Fact]
    public void A_row_does_not_depend_on_batch_neighbours_or_order()
    {
        var images = SmallImages.Write(_folder, 21);
        var together = Run(images, batch: 8);

        var alone = Run(_folder["images", "odd", "0007.bmp"], cache: "other", batch: 3);

        var index = together.Names.ToList().FindIndex(name => name.EndsWith("0007.bmp", StringComparison.Ordinal));
        Assert.Equal(together.Rows[index], alone.Rows[0]);
    }

    [Fact]
    public void Content_counts_not_names()
    {
        var images = SmallImages.Write(_folder, 6);
        Run(images);
        File.Move(_folder["images", "odd", "0001.bmp"], _folder["images", "odd", "renamed.bmp"]);
        File.Copy(_folder["images", "odd", "0003.bmp"], _folder["images", "odd", "copy.bmp"]);
        File.WriteAllBytes(_folder["images", "even", "0000.bmp"], SmallImages.Bitmap(99)); // same name and size, other content

        var run = Run(images);

        Assert.Equal((1, 6), (run.Report.Embedded, run.Report.FromCache));
    }

    [Fact]
    public void Equal_content_within_a_run_is_embedded_once()
    {
        File.WriteAllBytes(_folder["images", "a", "1.bmp"], SmallImages.Bitmap(1));
        File.WriteAllBytes(_folder["images", "a", "2.bmp"], SmallImages.Bitmap(1));
        File.WriteAllBytes(_folder["images", "b", "3.bmp"], SmallImages.Bitmap(1));

        var run = Run(_folder["images"]);
        var again = Run(_folder["images"]);

        Assert.Equal((1, 2, 2), (run.Report.Embedded, run.Report.FromCache, run.Report.Duplicates));
        Assert.Equal(run.Rows[0], run.Rows[2]);
        Assert.Equal((0, 3, 0), (again.Report.Embedded, again.Report.FromCache, again.Report.Duplicates));
    }

    [Fact]
    public void Leaked_content_is_reported()
    {
        File.WriteAllBytes(_folder["images", "train", "a", "1.bmp"], SmallImages.Bitmap(1));
        File.WriteAllBytes(_folder["images", "train", "b", "2.bmp"], SmallImages.Bitmap(2));
        File.WriteAllBytes(_folder["images", "test", "a", "3.bmp"], SmallImages.Bitmap(1));

        var leak = Assert.Single(Run(_folder["images"]).Report.Leaks);

        Assert.Equal([Split.Train, Split.Test], leak.Splits);
        Assert.Equal(["1.bmp", "3.bmp"], leak.Names.Select(Path.GetFileName));
    }

    [Fact]
    public void A_bad_image_is_named_and_the_rest_is_kept()
    {
        var images = SmallImages.Write(_folder, 10);
        File.WriteAllText(_folder["images", "odd", "0003.bmp"], "not an image");
        File.WriteAllBytes(_folder["images", "odd", "0005.bmp"], []);
        File.WriteAllBytes(_folder["images", "odd", "0007.bmp"], []); // twin of a failed image

        var run = Run(images);

        Assert.Equal((7, 0), (run.Report.Embedded, run.Report.FromCache));
        Assert.Equal(["0003.bmp", "0005.bmp", "0007.bmp"], run.Report.Failures.Select(failure => Path.GetFileName(failure.Name)));
        Assert.Equal(7, run.Rows.Length);
        Assert.All(run.Report.Failures, failure => Assert.StartsWith(failure.Name, failure.Reason, StringComparison.Ordinal));
    }

    [Fact]
    public void Too_many_failures_end_the_run_and_what_was_embedded_is_kept()
    {
        var images = SmallImages.Write(_folder, 30);
        for (var i = 20; i < 30; i++)
        {
            File.WriteAllText(_folder["images", i % 2 == 0 ? "even" : "odd", $"{i:0000}.bmp"], $"bad {i}");
        }

        var error = Assert.Throws<TooManyFailuresException>(() => Run(images, maxFailures: 3));

        Assert.True(error.Failures.Count > 3);
        Assert.Contains("of 30 images failed, 3 are allowed; the first: ", error.Message, StringComparison.Ordinal);
        var keptAtLeast = CacheVerifier.Verify(_folder["cache"]).Embeddings;
        Assert.True(keptAtLeast > 0);
        Assert.Equal(20 - (keptAtLeast / 2), Run(images).Report.Embedded); // two taps an image
    }

    [Fact]
    public void Another_tap_reuses_what_is_there()
    {
        var images = SmallImages.Write(_folder, 5);
        Run(images, taps: ["a"]);

        var both = Run(images, taps: ["a", "b"]);
        var b = Run(images, taps: ["b"]);

        Assert.Equal(5, both.Report.Embedded);
        Assert.Equal((0, 5), (b.Report.Embedded, b.Report.FromCache));
        Assert.Equal(both.Rows[2][16..], b.Rows[2]);
        using var cache = EmbeddingCache.Open(_folder["cache"]);
        Assert.All(cache.Spaces(), space => Assert.Equal(5, space.Count));
    }

    [Fact]
    public void Only_the_taps_that_are_missing_are_computed()
    {
        var images = SmallImages.Write(_folder, 9);
        var atOnce = Run(images, cache: "other", taps: ["a", "b", "v"]);
        Run(images, taps: ["b"]);

        var more = Run(images, taps: ["a", "b", "v"]);

        Assert.Equal([("a:grid2", 9, 0), ("b:average", 0, 9), ("v:none", 9, 0)], more.Report.Taps.Select(tap => (tap.Tap, tap.Embedded, tap.FromCache)));
        Assert.Equal((9, 0), (more.Report.Embedded, more.Report.FromCache));
        Assert.Equal(atOnce.Rows, more.Rows);
    }

    [Fact]
    public void Images_that_lack_different_taps_are_embedded_together()
    {
        // Of 40 images every combination of the three taps is there already, five times.
        var images = SmallImages.Write(_folder, 40);
        string[] taps = ["a", "b", "v"];
        for (var tap = 0; tap < 3; tap++)
        {
            for (var i = 0; i < 40; i++)
            {
                if ((i & (1 << tap)) != 0)
                {
                    File.WriteAllBytes(_folder[$"has-{taps[tap]}", "x", $"{i}.bmp"], SmallImages.Bitmap(i));
                }
            }

            Run(_folder[$"has-{taps[tap]}"], taps: [taps[tap]]);
        }

        var run = Run(images, taps: taps);
        var again = Run(images, taps: taps);

        Assert.Equal((35, 5), (run.Report.Embedded, run.Report.FromCache));
        Assert.All(run.Report.Taps, tap => Assert.Equal((20, 20), (tap.Embedded, tap.FromCache)));
        Assert.All(again.Report.Taps, tap => Assert.Equal((0, 40), (tap.Embedded, tap.FromCache)));
        var atOnce = Run(images, cache: "other", taps: taps);
        Assert.Equal(atOnce.Rows, run.Rows);
        Assert.Equal(atOnce.Rows, again.Rows);
        using var cache = EmbeddingCache.Open(_folder["cache"]);
        Assert.All(cache.Spaces(), space => Assert.Equal(40, space.Count));
    }

    [Fact]
    public void Half_and_full_precision_share_nothing()
    {
        var images = SmallImages.Write(_folder, 3);
        Run(images);

        var half = Run(images, precision: Precision.Fp16);

        Assert.Equal((3, 0), (half.Report.Embedded, half.Report.FromCache));
        using var cache = EmbeddingCache.Open(_folder["cache"]);
        Assert.Equal(["fp16", "fp16", "fp32", "fp32"], cache.Spaces().Select(space => space.Identity.Precision).Order());
    }

    [Fact]
    public void What_half_precision_cannot_hold_is_told_and_not_kept()
    {
        var images = SmallImages.Write(_folder, 3);
        _tiny.Json["preprocessing"]!["std"]![1] = 1e-41; // a CPU computes in fp32: only what even that cannot hold overflows here
        _tiny.Write();

        var error = Assert.Throws<InferenceException>(() => Run(images, precision: Precision.Fp16));

        Assert.Equal("backbone 'tiny' at a:grid2: an embedding is not finite in fp16, whose largest number is 65504; expected one that fits: embed in fp32", error.Message);
        Assert.Equal(0, CacheVerifier.Verify(_folder["cache"]).Embeddings);
    }

    [Fact]
    public void A_failed_image_is_from_no_cache()
    {
        var images = SmallImages.Write(_folder, 6);
        Run(images, taps: ["a"]);
        File.WriteAllText(_folder["images", "odd", "0003.bmp"], "not an image");

        var taps = Run(images, taps: ["a", "b"]).Report.Taps;

        Assert.Equal([(0, 5), (5, 0)], taps.Select(tap => (tap.Embedded, tap.FromCache)));
    }

    [Fact]
    public void Length_1_is_given_when_rows_are_read_and_embeds_nothing_anew()
    {
        var images = SmallImages.Write(_folder, 7);
        var raw = Run(images);

        var unit = Run(images, l2: true);

        Assert.Equal((0, 7), (unit.Report.Embedded, unit.Report.FromCache));
        for (var i = 0; i < 7; i++)
        {
            var length = Math.Sqrt(raw.Rows[i].Sum(v => (double)v * v));
            Assert.Equal(raw.Rows[i].Select(v => (float)(v / length)), unit.Rows[i], (a, b) => Math.Abs(a - b) < 1e-6);
        }
    }

    [Theory]
    [InlineData("b")]
    [InlineData("a", "v")]
    public void Photos_are_of_length_1_before_they_are_averaged(params string[] taps)
    {
        SmallImages.Write(_folder, 4);
        var item = new DatasetItem
        {
            Images = [.. new[] { 0, 2 }.Select(i => new ImageSource(_folder["images", "even", $"{i:0000}.bmp"]))], Target = 1, Numbers = [500],
        };
        var dataset = new Dataset { Source = "made up", Items = [item], IsRegression = true, NumberNames = ["x"] };
        var single = Run(_folder["images"], taps: taps, l2: true);

        using var backbone = Load(taps, 4, l2: true);
        using var cache = EmbeddingCache.Open(_folder["cache"]);
        var run = Embedder.Run(backbone, dataset, cache);
        var row = run.ToSet().Rows[0].ToArray();
        var copy = new float[run.Width];
        run.CopyRow(0, copy);

        Assert.Equal(single.Rows[0].Zip(single.Rows[1], (a, b) => (a + b) / 2).Append(500), row, (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Equal(row, copy);
    }

    [Fact]
    public void Photos_of_an_item_are_averaged_and_numbers_appended()
    {
        SmallImages.Write(_folder, 4);
        var item = new DatasetItem { Images = [Source(0), Source(2)], Target = 1, Numbers = [5, 6] };
        var dataset = new Dataset { Source = "made up", Items = [item], IsRegression = true, NumberNames = ["x", "y"] };
        var single = Run(_folder["images"]);

        using var backbone = Load(null, 4);
        using var cache = EmbeddingCache.Open(_folder["cache"]);
        var run = Embedder.Run(backbone, dataset, cache);
        var row = run.ToSet().Rows[0];
        var copy = new float[run.Width];
        run.CopyRow(0, copy);

        Assert.Equal(22 + 2, row.Length);
        Assert.Equal([5f, 6f], row[22..].ToArray());
        Assert.Equal((single.Rows[0][3] + single.Rows[1][3]) / 2, row[3], 6);
        Assert.Equal(row.ToArray(), copy);

        ImageSource Source(int i) => new(_folder["images", "even", $"{i:0000}.bmp"]);
    }

    [Fact]
    public void Cancelling_keeps_what_was_embedded_and_the_next_run_goes_on()
    {
        var images = SmallImages.Write(_folder, 400);
        using var cancel = new CancellationTokenSource();
        var progress = new CancelAfter(cancel);
        using (var backbone = Load(null, 2))
        using (var cache = EmbeddingCache.Open(_folder["cache"]))
        {
            // Slow enough to be cancelled half way: every image is its own part.
            var settings = new EmbedSettings { Progress = progress, PartLimits = new PartLimits(1, 0, 0), DecodeThreads = 1 };
            try
            {
                Embedder.Run(backbone, ImageFolder.Open(images), cache, settings, cancel.Token);
            }
            catch (OperationCanceledException)
            {
            }
        }

        Assert.True(CacheVerifier.Verify(_folder["cache"]).IsSound);
        var kept = CacheVerifier.Verify(_folder["cache"]).Embeddings / 2;
        var run = Run(images);
        Assert.Equal(400 - kept, run.Report.Embedded);
    }

    [Fact]
    public void An_npy_and_a_csv_are_written_in_data_set_order()
    {
        var images = SmallImages.Write(_folder, 5);
        using var backbone = Load(null, 2);
        using var cache = EmbeddingCache.Open(_folder["cache"]);
        var run = Embedder.Run(backbone, ImageFolder.Open(images), cache);

        var table = EmbeddingFiles.Write(run, _folder["e.npy"]);

        Assert.Equal(
            ["path,label,split", $"{_folder["images", "even", "0000.bmp"]},even,train", $"{_folder["images", "even", "0002.bmp"]},even,train"],
            File.ReadLines(table).Take(3));
        var bytes = File.ReadAllBytes(_folder["e.npy"]);
        Assert.Equal(NpyFile.Header(NpyFile.Float32, 5, 22), bytes[..128]);
        Assert.Equal(run.ToSet().Rows[4][21], BitConverter.ToSingle(bytes, bytes.Length - 4));
    }

    [Fact]
    public void Several_labels_and_several_targets_go_into_set_and_csv()
    {
        SmallImages.Write(_folder, 3);
        string[] files = [.. Directory.GetFiles(_folder["images"], "*.bmp", SearchOption.AllDirectories).Order()];
        DatasetItem Item(int i) => new() { Images = [new ImageSource(files[i])], LabelSet = i == 1 ? [] : [0, i], Targets = [i, 10.5 - i] };
        var labelled = new Dataset { Source = "made up", Items = [Item(0) with { LabelSet = [0] }, Item(1), Item(2)], Classes = ["a", "b", "c"], IsMultiLabel = true };
        var measured = labelled with { Classes = [], IsMultiLabel = false, IsRegression = true, TargetNames = ["price", "floor, m2"] };
        using var backbone = Load(null, 2);
        using var cache = EmbeddingCache.Open(_folder["cache"]);
        var run = Embedder.Run(backbone, labelled, cache);
        var set = run.ToSet();

        Assert.True(set.IsMultiLabel);
        Assert.Empty(set.Labels);
        Assert.Equal([[0], [], [0, 2]], set.LabelSets);
        Assert.Equal(["path,labels,split", $"{files[0]},a,train", $"{files[1]},,train", $"{files[2]},a|c,train"], File.ReadLines(EmbeddingFiles.Write(run, _folder["l.npy"])));

        run = Embedder.Run(backbone, measured, cache);
        set = run.ToSet();
        Assert.Equal([0, 10.5, 1, 9.5, 2, 8.5], set.Targets);
        Assert.Equal(["price", "floor, m2"], set.TargetNames);
        Assert.Equal(["path,price,\"floor, m2\",split", $"{files[0]},0,10.5,train"], File.ReadLines(EmbeddingFiles.Write(run, _folder["t.npy"])).Take(2));
    }

    private Backbone Load(string[]? taps, int batch, bool l2 = false, Precision precision = Precision.Fp32) =>
        Backbone.Load("tiny", settings: new BackboneSettings { Catalogue = _tiny.Catalogue, Taps = taps, BatchSize = batch, Threads = 1, L2Normalize = l2, Precision = precision });

    private (EmbedReport Report, float[][] Rows, string[] Names) Run(
        string path, string cache = "cache", string[]? taps = null, int batch = 4, int? maxFailures = null, bool l2 = false, Precision precision = Precision.Fp32)
    {
        using var backbone = Load(taps, batch, l2, precision);
        using var opened = EmbeddingCache.Open(_folder[cache]);
        var run = Embedder.Run(backbone, DatasetReader.Open(path), opened, new EmbedSettings { MaxFailures = maxFailures });
        var set = run.ToSet();
        return (run.Report, [.. Enumerable.Range(0, set.Count).Select(i => set.Rows[i].ToArray())], set.Names);
    }

    private sealed class CancelAfter(CancellationTokenSource cancel) : IProgress<EmbedProgress>
    {
        public void Report(EmbedProgress value) => cancel.Cancel();
    }
}
