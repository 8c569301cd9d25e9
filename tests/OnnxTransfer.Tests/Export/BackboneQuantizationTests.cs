using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Export;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Quantization;
using OnnxTransfer.Tests.Backbones;
using OnnxTransfer.Tests.Embeddings;

namespace OnnxTransfer.Tests.Export;

public sealed class BackboneQuantizationTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _tiny = new();

    public void Dispose()
    {
        _tiny.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(CalibrationMethod.MinMax)]
    [InlineData(CalibrationMethod.Percentile)]
    [InlineData(CalibrationMethod.Entropy)]
    public void A_backbone_that_passes_is_one_like_any_other(CalibrationMethod method)
    {
        var path = _folder["tiny-int8.onnx"];

        var report = Quantize(path, Labelled(), new() { Method = method, MinCosine = 0.98, MaxLoss = 5 });

        Assert.Equal((true, true, "tiny", "tiny-int8", 70), (report.Accepted, report.Written, report.Backbone, report.Name, report.CalibrationImages));
        Assert.Equal(30, report.Agreement.Images);
        Assert.InRange(report.Agreement.FirstPercentile, 0.9, report.Agreement.Median);
        Assert.Equal((70, 30), (report.Probe!.FitImages, report.Probe.TestImages));
        Assert.Equal(["tiny-int8.json", "tiny-int8.onnx"], Directory.GetFileSystemEntries(_folder.Path, "tiny-int8*").Select(Path.GetFileName).Order());
        using var int8 = Backbone.Load(path, ExecutionProvider.Cpu, new() { Taps = ["a", "b", "v"] });
        using var fp32 = Backbone.Load(_tiny.ModelPath, ExecutionProvider.Cpu, new() { Taps = ["a", "b", "v"] });
        Assert.Equal(("int8", "int8", null), (int8.Precision, int8.Description.Precision, int8.Description.Golden));
        Assert.Equal(fp32.Taps.Select(tap => (tap.Name, tap.Width)), int8.Taps.Select(tap => (tap.Name, tap.Width)));
        Assert.StartsWith("these tests Quantised to int8 by OnnxTransfer: ranges by ", int8.Description.Source, StringComparison.Ordinal);
        var (a, b) = (Rows(fp32), Rows(int8));
        Assert.NotEqual(a, b);
        Assert.InRange(GoldenDescription.Compare(a, b).Cosine, 0.98, 1);
    }

    [Fact]
    public void One_that_does_not_pass_leaves_nothing()
    {
        var path = _folder["out", "strict.onnx"];

        var report = Quantize(path, Labelled(), new() { MinCosine = 1, MaxLoss = -50 });

        Assert.Equal((false, false), (report.Accepted, report.Written));
        Assert.Matches(@"^mean cosine 0\.9\d+ is below 1$", report.Failures[0]);
        Assert.Matches(@"^the probe loses -?\d+\.\d\d points, more than -50$", report.Failures[1]);
        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public void Forced_it_is_written_and_still_not_accepted()
    {
        var report = Quantize(_folder["forced.onnx"], Labelled(), new() { MinCosine = 1, Force = true });

        Assert.Equal((false, true), (report.Accepted, report.Written));
        Backbone.Load(_folder["forced.onnx"], ExecutionProvider.Cpu).Dispose();
    }

    [Fact]
    public void The_layer_that_loses_most_is_kept_where_that_passes()
    {
        var all = Quantize(_folder["none.onnx"], Labelled(), new() { MinCosine = 1, Keep = [] });
        var kept = Quantize(_folder["kept.onnx"], Labelled(), new() { MinCosine = all.Agreement.Mean + 1e-6, Keep = [], KeepWorst = true, MaxLoss = 100 });

        Assert.True(kept.Written);
        Assert.Equal(2, kept.Sensitivity.Count);
        Assert.Equal(kept.Sensitivity[0].Layer, kept.Layers.Single(layer => layer.Stays == "kept").Name);
        Assert.True(kept.Sensitivity[0].Gain >= kept.Sensitivity[1].Gain);
        Assert.True(kept.Agreement.Mean > all.Agreement.Mean);
    }

    [Fact]
    public void The_first_layer_is_kept_unless_told_otherwise()
    {
        var report = Quantize(_folder["first.onnx"], Labelled(), new() { MinCosine = 0.9, MaxLoss = 100 });

        Assert.Equal([("c1", "kept"), ("c2", null)], report.Layers.Select(layer => (layer.Name, layer.Stays)));
        Assert.Contains("1 layer(s) kept in float32", BackboneDescription.Load(_folder["first.json"]).Source, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_labels_the_cosine_alone_decides()
    {
        var report = Quantize(_folder["x.onnx"], Unlabelled(60), new() { MinCosine = 0.9 });

        Assert.Null(report.Probe);
        Assert.Matches("has no labels: expected a sub-folder for each of two classes or more$", report.NoProbe);
        Assert.True(report.Written);
    }

    [Fact]
    public void Images_held_out_by_the_user_are_measured_on()
    {
        var heldOut = ImageFolder.Open(SmallImages.WriteLearnable(_folder, 20, "held"));
        var report = Quantize(_folder["x.onnx"], Unlabelled(40), new() { HeldOut = heldOut, MinCosine = 0.9 });

        Assert.Equal((40, 40), (report.CalibrationImages, report.Agreement.Images));
        var both = Assert.Throws<DatasetException>(() => Quantize(_folder["y.onnx"], heldOut, new() { HeldOut = heldOut })).Message;
        Assert.Contains("is among the images to calibrate on and among those held out", both, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_few_images_are_refused()
    {
        var error = Assert.Throws<DatasetException>(() => Quantize(_folder["x.onnx"], Unlabelled(30), new())).Message;

        Assert.Contains(": 21 images to calibrate on and 9 held out; expected at least 16 of each: give more images", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Images_of_one_colour_are_refused()
    {
        for (var i = 0; i < 60; i++)
        {
            var bitmap = SmallImages.Bitmap(1);
            bitmap.AsSpan(54).Fill(77);
            File.WriteAllBytes(_folder["grey", $"{i}.bmp"], bitmap);
        }

        var error = Assert.Throws<DatasetException>(() => Quantize(_folder["x.onnx"], ImageFolder.Open(_folder["grey"]), new())).Message;

        Assert.Contains("all 42 calibration images are of one and the same colour", error, StringComparison.Ordinal);
        Assert.Contains("expected images like those that will be embedded", error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_int8_backbone_is_not_quantised_again()
    {
        Quantize(_folder["x.onnx"], Labelled(), new() { Force = true });

        var again = Assert.Throws<OnnxException>(() => Quantize(_folder["y.onnx"], Labelled(), new(), _folder["x.onnx"])).Message;
        var half = Assert.Throws<BackboneException>(() => Backbone.Load(_folder["x.onnx"], ExecutionProvider.Cpu, new() { Precision = Precision.Fp16 })).Message;

        Assert.Contains("is quantised already", again, StringComparison.Ordinal);
        Assert.Contains("backbone 'x': computes in int8, and fp16 was asked for; leave the precision out", half, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_there_is_not_replaced()
    {
        File.WriteAllText(_folder["x.json"], "mine");

        Assert.Contains("x.json: is there already; expected none", Assert.Throws<BackboneException>(() => Quantize(_folder["x.onnx"], Labelled(), new())).Message, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(_folder["x.json"]));
    }

    [Fact]
    public void The_carried_backbone_loses_next_to_nothing()
    {
        for (var i = 0; i < 60; i++)
        {
            // The one real picture that is carried, and noise.
            File.Copy(Path.Combine(Outside.Descriptions, "reference.png"), _folder["pictures", $"{i}.png"]);
            File.WriteAllBytes(_folder["pictures", $"{i}.bmp"], SmallImages.Bitmap(i));
        }

        var report = BackboneQuantization.Quantize(
            "resnet14-cifar10", ImageFolder.Open(_folder["pictures"]), Cache(), _folder["r14.onnx"], new() { SpeedRounds = 1, Catalogue = new(Outside.Descriptions) });

        Assert.True(report.Written);
        Assert.InRange(report.Agreement.Mean, 0.999, 1);
        Assert.Equal(14, report.Layers.Count(layer => layer.Stays is null));
        Assert.True(report.Int8Bytes < 0.3 * report.Bytes);
    }

    [SkippableTheory]
    [InlineData("resnet20-cifar10", 0.997)]
    [InlineData("squeezenet1.1-imagenet", 0.99)]
    [InlineData("mobilenetv1-025-128-imagenet1001", 0.95)]
    [InlineData("resnet50v2-stage3-imagenet", 0.98)]
    public void Real_networks_on_real_photos(string name, double cosine)
    {
        Outside.NeedModels();
        var photos = TestData.Require("cifar10", "test");
        var report = BackboneQuantization.Quantize(
            Path.Combine(Outside.Models!, name + ".onnx"), ImageFolder.Open(photos), Cache(), _folder["out.onnx"],
            new() { Images = 16, HeldOutImages = 16, ProbeImages = 0, MinCosine = cosine, SpeedRounds = 1, Catalogue = new(Outside.Descriptions) });

        Assert.Equal([], report.Failures);
        Assert.Equal("none was asked for", report.NoProbe);
        Assert.True(report.Int8Bytes < 0.3 * report.Bytes);
    }

    private EmbeddingCache Cache() => EmbeddingCache.Open(_folder["cache"]);

    private Dataset Labelled() => ImageFolder.Open(SmallImages.WriteLearnable(_folder, 50));

    private Dataset Unlabelled(int count)
    {
        for (var i = 0; i < count; i++)
        {
            File.WriteAllBytes(_folder["flat", $"{i}.bmp"], SmallImages.Bitmap(i));
        }

        return ImageFolder.Open(_folder["flat"]);
    }

    private QuantizationReport Quantize(string path, Dataset dataset, QuantizationSettings settings, string? backbone = null)
    {
        using var cache = Cache();
        return BackboneQuantization.Quantize(backbone ?? _tiny.ModelPath, dataset, cache, path, settings with { Threads = 1, SpeedRounds = 1, Catalogue = _tiny.Catalogue });
    }

    private static float[] Rows(Backbone backbone)
    {
        using var buffers = backbone.CreateBuffers();
        SmallImages.Bitmap(3).AsSpan(54, buffers.Image(0).Length).CopyTo(buffers.Image(0));
        backbone.Run(buffers, 1);
        return [.. Enumerable.Range(0, backbone.Taps.Count).SelectMany(tap => buffers.OutputRow(tap, 0).ToArray())];
    }
}
