using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;
using OnnxTransfer.Heads.Tuning;
using OnnxTransfer.Inference;
using OnnxTransfer.Tests.Embeddings;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Heads;

public sealed class AutoencoderTests : IDisposable
{
    private static readonly TrainingSettings Short = new() { Epochs = 12, BatchSize = 8, LearningRate = 3e-3, WeightDecay = 0, Threads = 1, Seed = 5 };
    private static readonly Autoencoder Convolutional = new() { CodeWidth = 6, Size = (12, 12), Channels = [8, 12], Training = Short };
    private static readonly Autoencoder Dense = new() { Kind = AutoencoderKind.Dense, CodeWidth = 6, Size = (8, 10), Hidden = [20], Training = Short };

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(AutoencoderKind.Dense)]
    [InlineData(AutoencoderKind.Convolutional)]
    public void What_comes_back_is_nearer_than_the_mean_image_and_the_encoder_is_a_backbone(AutoencoderKind kind)
    {
        var images = ImageFolder.OpenFiles([SmallImages.WriteLearnable(_folder, 16)]);
        var report = (kind == AutoencoderKind.Dense ? Dense : Convolutional).Fit(images, _folder["mine.onnx"]);

        Assert.Equal((29, 3, 12), (report.TrainImages, report.ValidationImages, report.Epochs.Count));
        Assert.True(report.Epochs[^1].Loss < report.Epochs[0].Loss / 2, $"from {report.Epochs[0].Loss} to {report.Epochs[^1].Loss}");
        Assert.True(report.Loss < report.MeanLoss, $"{report.Loss}; of the mean {report.MeanLoss}");
        Assert.Equal(report.Epochs.Min(epoch => epoch.Validation), report.Loss);

        var check = GoldenCheck.Run(_folder["mine.onnx"]);
        Assert.True(check.Passed);
        Assert.Equal("code", Assert.Single(check.Taps).Name);
        using var backbone = Backbone.Load(_folder["mine.onnx"], ExecutionProvider.Cpu);
        Assert.Equal(6, backbone.Width);
        Assert.Equal(kind == AutoencoderKind.Dense ? ["hidden1", "code"] : ["block1", "block2", "code"], backbone.Description.Taps.Select(tap => tap.Name));
        Assert.Equal(kind == AutoencoderKind.Dense ? "8x10" : "12x12", $"{backbone.PixelHeight}x{backbone.PixelWidth}");
    }

    [Fact]
    public void The_same_seed_gives_the_same_file_and_another_another()
    {
        var images = ImageFolder.OpenFiles([SmallImages.WriteLearnable(_folder, 6)]);
        var settings = Convolutional with { Training = Short with { Epochs = 2 } };
        string first = settings.Fit(images, _folder["a.onnx"]).Description.Sha256;

        Assert.Equal(first, settings.Fit(images, _folder["b.onnx"]).Description.Sha256);
        Assert.NotEqual(first, (settings with { Training = settings.Training with { Seed = 6 } }).Fit(images, _folder["c.onnx"]).Description.Sha256);
    }

    [Fact]
    public void An_interrupted_training_goes_on_from_the_checkpoint_beside_the_output()
    {
        var images = ImageFolder.OpenFiles([SmallImages.WriteLearnable(_folder, 6)]);
        var settings = Convolutional with { Training = Short with { Epochs = 3 } };
        using var cancellation = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => settings.Fit(images, _folder["a.onnx"], null, progress => Stop(progress.Epoch == 2), cancellation.Token));
        Assert.True(File.Exists(_folder["a.checkpoint"]));
        Assert.False(File.Exists(_folder["a.onnx"]));

        var report = settings.Fit(images, _folder["a.onnx"]);

        Assert.Contains($"went on after epoch 2, from {_folder["a.checkpoint"]}", report.Notes);
        Assert.Equal(settings.Fit(images, _folder["b.onnx"]).Description.Sha256, report.Description.Sha256);
        Assert.Empty(Directory.GetFiles(_folder.Path, "*.checkpoint"));

        void Stop(bool now)
        {
            if (now)
            {
                cancellation.Cancel();
            }
        }
    }

    [Fact]
    public void Odd_sizes_come_back_as_they_went_in()
    {
        var images = ImageFolder.OpenFiles([SmallImages.WriteLearnable(_folder, 6)]);
        var settings = Convolutional with { Size = (13, 9), Training = Short with { Epochs = 1 } };

        Assert.Equal([12, 4, 3], settings.Fit(images, _folder["odd.onnx"]).Description.Taps[1].Shape);
    }

    [Fact]
    public void On_embeddings_the_old_backbone_goes_on_to_the_code()
    {
        var images = ImageFolder.Open(SmallImages.WriteLearnable(_folder, 16));
        using var cache = EmbeddingCache.Open(_folder["cache"]);
        using var old = Backbone.Load("resnet14-cifar10", ExecutionProvider.Cpu, new BackboneSettings { Taps = ["layer2:average", "avgpool"], L2Normalize = true, Threads = 1 });
        var report = (Dense with { Training = Short with { Epochs = 20 } }).Fit(old, old.Embed(images, cache), _folder["behind.onnx"]);

        Assert.True(report.Explained > 0.3, $"{report.Loss}; of the mean {report.MeanLoss}");
        Assert.True(GoldenCheck.Run(_folder["behind.onnx"]).Passed);
        using var backbone = Backbone.Load(_folder["behind.onnx"], ExecutionProvider.Cpu, new BackboneSettings { Threads = 1 });
        Assert.Equal(6, backbone.Width);
        Assert.Equal(["layer1", "layer2", "layer3", "avgpool", "hidden1", "code"], backbone.Description.Taps.Select(tap => tap.Name));
        var codes = backbone.Embed(images, cache);
        Assert.Equal(1, new LogisticRegression { L2 = 1e-3f }.Fit(codes).Evaluate(codes).Main, 0.05);

        // An autoencoder behind an autoencoder: its names are free of the first one's.
        var second = (Dense with { CodeWidth = 3, Hidden = [], Training = Short with { Epochs = 1 } }).Fit(backbone, codes, _folder["twice.onnx"]);
        Assert.Equal("code_2", Assert.Single(second.Description.Embedding));
    }

    [SkippableFact]
    public void A_linear_probe_on_the_code_beats_chance_on_photos()
    {
        var train = ImageFolder.Open(TestData.Require("cifar10", "train"));
        var some = train with { Items = [.. train.Items.Where((_, i) => i % 10 == 0)] };
        var settings = new Autoencoder { CodeWidth = 32, Channels = [12, 24], Training = new() { Epochs = 3, BatchSize = 32, LearningRate = 2e-3, WeightDecay = 0, Seed = 1 } };
        var report = settings.Fit(some, _folder["cifar.onnx"]);
        using var backbone = Backbone.Load(_folder["cifar.onnx"], ExecutionProvider.Cpu);
        using var cache = EmbeddingCache.Open(_folder["cache"]);
        var (fit, test) = some.Split(0.3, 1);
        var scores = new LogisticRegression { L2 = 1e-2f }.Fit(backbone.Embed(fit, cache)).Evaluate(backbone.Embed(test, cache));

        Assert.True(report.Explained > 0.2, $"{report.Loss}; of the mean {report.MeanLoss}");
        Assert.True(scores.Main > 0.17, $"{scores}"); // ten classes
    }

    [Fact]
    public void Settings_that_make_no_autoencoder_are_refused()
    {
        var images = ImageFolder.OpenFiles([SmallImages.Write(_folder, 4)]);
        Assert.Equal(
            "an autoencoder of CodeWidth = 0, Size = 12 x 12, layers 8, 12, Validation = 0.1; expected widths and sizes of at least 1, Validation above 0 and below 1",
            Refused(Convolutional with { CodeWidth = 0 }, "x.onnx"));
        Assert.Equal(
            "a convolutional autoencoder that halves 3 x 40 pixels 2 times; expected at least one halving and a place left at the end: change Channels or Size",
            Refused(Convolutional with { Size = (3, 40) }, "x.onnx"));
        Assert.EndsWith("is to hold a backbone; expected a name that ends in .onnx", Refused(Dense, "x.bin"), StringComparison.Ordinal);
        Assert.EndsWith("4 images to train an autoencoder on; expected at least 10, test images not counted", Refused(Dense, "x.onnx"), StringComparison.Ordinal);
        File.WriteAllText(_folder["x.json"], "{}");
        Assert.EndsWith("x.json: is there already; expected none: overwrite it (--overwrite), or write elsewhere (--output)", Refused(Dense, "x.onnx"), StringComparison.Ordinal);

        string Refused(Autoencoder settings, string output) => Assert.Throws<TrainingException>(() => settings.Fit(images, _folder[output])).Message;
    }
}
