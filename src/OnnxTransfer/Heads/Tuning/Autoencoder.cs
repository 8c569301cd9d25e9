using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Imaging;
using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;
using OnnxTransfer.Training;
using OnnxTransfer.Training.Losses;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>
/// Learns shared layers from unlabelled images, or from their embeddings: a network that squeezes each into a code of few numbers and
/// is trained to give back what went in (mean squared error; Hinton and Salakhutdinov 2006). The half up to the code is written as a
/// backbone of its own, to be embedded with, probed and fine-tuned like any other.
/// </summary>
public sealed record Autoencoder
{
    private const int LeastRows = 10;

    /// <summary>Layers: dense, or convolutions, for pixels alone.</summary>
    public AutoencoderKind Kind { get; init; } = AutoencoderKind.Convolutional;

    /// <summary>Numbers of the code: the width of the new backbone's embedding.</summary>
    public int CodeWidth { get; init; } = 64;

    /// <summary>
    /// Rows and columns that images are brought to: a square by the shorter side, its centre cut out; another shape by stretching.
    /// On embeddings the old backbone's size holds.
    /// </summary>
    public (int Height, int Width) Size { get; init; } = (32, 32);

    /// <summary>Widths of the layers between input and code, and, in reverse, between code and output, of a dense one.</summary>
    public IReadOnlyList<int> Hidden { get; init; } = [256];

    /// <summary>Channels of each halving of a convolutional one.</summary>
    public IReadOnlyList<int> Channels { get; init; } = [32, 64, 128];

    /// <summary>The part of the training images that the loss is validated on, where the data set has no validation items of its own.</summary>
    public double Validation { get; init; } = 0.1;

    /// <summary>
    /// How it is trained; the seed also decides the first weights and which images validate. Without a
    /// <see cref="TrainingSettings.Checkpoint"/> one is kept beside the output, as FILE.checkpoint, until the output is written.
    /// </summary>
    public TrainingSettings Training { get; init; } = new() { Epochs = 20, BatchSize = 64, WeightDecay = 0 };

    /// <summary>What the backbone is to be called; null: the file's name without its ending.</summary>
    public string? Name { get; init; }

    /// <summary>Whether files that are there already are replaced.</summary>
    public bool Overwrite { get; init; }

    /// <summary>Refuses, before any image is read, settings and files that <c>Fit</c> would refuse.</summary>
    /// <param name="output">FILE.onnx.</param>
    /// <param name="onEmbeddings">Whether it is to learn from embeddings.</param>
    /// <exception cref="TrainingException">They make no autoencoder, or a file is there already.</exception>
    public void Check(string output, bool onEmbeddings = false) => AutoencoderCheck.Settings(this, output, onEmbeddings);

    /// <summary>Trains on pixels and writes the encoder to <paramref name="output"/>, its description and golden image beside it. Test items are left out.</summary>
    /// <param name="images">Labels are not looked at.</param>
    /// <param name="output">FILE.onnx; the description becomes FILE.json.</param>
    /// <param name="reading">Threads, the way of JPEG, how many images may fail; null: the defaults.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellation">Ends it with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="TrainingException">Settings, file names or the number of images do not allow it, or it diverged.</exception>
    /// <exception cref="TooManyFailuresException">More images failed than allowed.</exception>
    public AutoencoderReport Fit(
        Dataset images, string output, EmbedSettings? reading = null, Action<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        Check(output);
        var (height, width) = Size;
        var pixels = height == width ? PixelPreprocessing.ShorterSide(height, height) : PixelPreprocessing.Exact(height, width);
        var used = images with { Items = [.. images.Items.Where(item => item.Split != Split.Test)] };
        AutoencoderCheck.Rows(used.ImageCount, LeastRows, images.Source);
        using var read = PixelImages.Open(used, pixels, whole: false, reading ?? new EmbedSettings(), null, cancellation);
        using var decoded = new PixelRows(read, [.. Enumerable.Range(0, read.Dataset.Items.Count)], [], []);
        var rows = new ReconstructedPixels(decoded);
        var random = new SeededRandom(Training.Seed);
        var graph = Kind == AutoencoderKind.Dense
            ? AutoencoderGraph.OfPixels(height, width, Hidden, CodeWidth, random)
            : AutoencoderGraph.Convolutional(height, width, Channels, CodeWidth, random);
        var whole = PixelInput.Prepend(graph.Model, AutoencoderGraph.Image, height, width, AutoencoderGraph.Centre, AutoencoderGraph.Centre);
        var parts = Parts([.. read.Dataset.Items.Select(item => item.Split)], random, images.Source);
        var (trained, mean) = Train(graph.Trainable(whole, Training.WeightDecay), rows, parts, 3 * height * width, output, read.ContentSha256, progress, cancellation);
        var encoder = Cut.At(graph.With(trained.Model), [.. graph.Taps.Select(tap => tap.Tensor)]);
        var about = new BackboneDescription
        {
            Name = NameOf(output),
            Family = "autoencoder",
            File = Path.GetFileName(output),
            Source = $"{(Kind == AutoencoderKind.Dense ? "dense" : "convolutional")} autoencoder, trained on {parts.Train.Length} unlabelled images of {Path.GetFileName(images.Source)}",
            Input = new(AutoencoderGraph.Image, TensorLayout.Nchw, height, width, ChannelOrder.Rgb),
            Preprocessing = new(pixels, AutoencoderGraph.Centre, AutoencoderGraph.Centre),
            Taps = graph.Taps,
            Embedding = [graph.Taps[^1].Name],
        };
        return Report(EncoderFile.Write(encoder, about, output), output, trained, mean, parts) with { Failures = read.Failures };
    }

    /// <summary>
    /// Trains a dense one on embeddings, each number brought to mean 0 and deviation 1, and writes the old backbone with the encoder
    /// behind it: from pixels to the code. Test rows are left out.
    /// </summary>
    /// <param name="backbone">What made the embeddings: float32, of any batch.</param>
    /// <param name="embeddings">By the backbone's taps in use; further columns are not looked at.</param>
    /// <param name="output">FILE.onnx; the description becomes FILE.json.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellation">Ends it with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="TrainingException">Settings, file names, the backbone or the number of rows do not allow it, or it diverged.</exception>
    public AutoencoderReport Fit(
        Backbone backbone, EmbeddingSet embeddings, string output, Action<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        Check(output, onEmbeddings: true);
        var network = BackboneNetwork.Of(backbone);
        var random = new SeededRandom(Training.Seed);
        int[] used = [.. Enumerable.Range(0, embeddings.Count).Where(row => embeddings.Splits.Length == 0 || embeddings.Splits[row] != Split.Test)];
        string source = backbone.Description.Name;
        AutoencoderCheck.Rows(used.Length, LeastRows, source);
        var parts = Parts([.. used.Select(row => embeddings.Splits.Length == 0 ? Split.Train : embeddings.Splits[row])], random, source);
        var rows = new ReconstructedEmbeddings(embeddings, used, parts.Train, backbone.Width);
        var graph = AutoencoderGraph.OfEmbeddings(rows.Means, rows.Scales, Hidden, CodeWidth, random, network.Model);
        var (trained, mean) = Train(graph.Trainable(graph.Model, Training.WeightDecay), rows, parts, backbone.Width, output, string.Join(',', backbone.Taps.Select(tap => tap.Identity)), progress, cancellation);
        var about = backbone.Description with
        {
            Name = NameOf(output),
            File = Path.GetFileName(output),
            Obtain = "",
            Source = $"{backbone.Description.Source} A dense autoencoder behind {string.Join(", ", backbone.Taps.Select(tap => tap.Label))}, trained on {parts.Train.Length} unlabelled images.".Trim(),
            Taps = [.. network.Taps, .. graph.Taps],
            Embedding = [graph.Taps[^1].Name],
        };
        var joined = EncoderFile.Behind(network, Cut.At(graph.With(trained.Model), [.. graph.Taps.Select(tap => tap.Tensor)]));
        return Report(EncoderFile.Write(joined, about, output), output, trained, mean, parts);
    }

    private string NameOf(string output) => Name ?? Path.GetFileNameWithoutExtension(output);

    private (int[] Train, int[] Validation) Parts(Split[] splits, SeededRandom random, string source)
    {
        int[] order = random.Permutation(splits.Length);
        int[] validation = [.. order.Where(row => splits[row] == Split.Validation)];
        int[] train = [.. order.Where(row => splits[row] == Split.Train)];
        if (validation.Length == 0)
        {
            int count = Math.Max(1, (int)Math.Round(Validation * train.Length));
            (validation, train) = (train[..count], train[count..]);
        }

        AutoencoderCheck.Rows(train.Length, 2, source);
        return (train, validation);
    }

    private (TrainedNetwork Trained, double MeanLoss) Train(
        TrainableNetwork network, ITrainingRows rows, (int[] Train, int[] Validation) parts, int width, string output, string content, Action<TrainingProgress>? progress, CancellationToken cancellation)
    {
        PickedRows train = new(rows, parts.Train), validation = new(rows, parts.Validation);
        string data = Tuning.OwnCheckpoint.Hash([content, string.Join(',', parts.Train), string.Join(',', parts.Validation)]);
        var trained = NetworkFit.Run(network, new SquaredLoss(), train, validation, Training with { Checkpoint = Training.Checkpoint ?? OwnCheckpoint(output) }, progress, data, cancellation);
        int bytes = network.Input.ElementType == ElementType.UInt8 ? width : width * sizeof(float);
        return (trained, MeanReconstruction.Loss(train, validation, bytes, width));
    }

    private static string OwnCheckpoint(string output) => Path.ChangeExtension(output, ".checkpoint");

    // Of an encoder that is written: its own checkpoint is of no further use.
    private AutoencoderReport Report(BackboneDescription about, string output, TrainedNetwork trained, double mean, (int[] Train, int[] Validation) parts)
    {
        if (Training.Checkpoint is null)
        {
            File.Delete(OwnCheckpoint(output));
        }

        return new()
        {
            Description = about,
            Path = output,
            TrainImages = parts.Train.Length,
            ValidationImages = parts.Validation.Length,
            Loss = trained.Epochs[trained.Best].Validation,
            MeanLoss = mean,
            Epochs = trained.Epochs,
            BestEpoch = trained.Best,
            Seconds = trained.Seconds,
            Notes = trained.Notes,
        };
    }
}
