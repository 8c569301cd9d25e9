using System.Globalization;
using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Imaging;
using OnnxTransfer.Training;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>
/// Trains a backbone's architecture on the target alone, from fresh weights: what transfer is measured against, and how a
/// backbone of one's own is made. The weights are drawn as torchvision draws those of a ResNet (He et al. 2015) unless said otherwise; batch norms that
/// were folded into the file are put back and folded again in the end. Without a norm after its convolutions a network wants a
/// learning rate of a tenth or less of the usual one.
/// </summary>
public sealed record FromScratch
{
    /// <summary>What <see cref="FineTuningReport.Part"/> says of it.</summary>
    public const string Part = "scratch";

    /// <summary>
    /// What holds of the training unless said otherwise: stochastic gradient descent with Nesterov momentum in one cycle (Smith and
    /// Topin 2019), the recipe of the embedded backbone.
    /// </summary>
    public static TrainingSettings UsualTraining { get; } = new()
    {
        Epochs = 40,
        BatchSize = 64,
        LearningRate = 0.1,
        Optimizer = new Sgd(),
        Schedule = LearningRateSchedule.OneCycle(rise: 0.2),
        WeightDecay = 5e-4,
    };

    /// <summary>How it is trained. Without a <see cref="TrainingSettings.Checkpoint"/> one is kept in the cache's folder until the result is safe: <see cref="FineTuningReport.Checkpoint"/>.</summary>
    public TrainingSettings Training { get; init; } = UsualTraining;

    /// <summary>What is changed of each train image, otherwise in each epoch; null: nothing. Usually mirrored half of the time, and cropped to a third of its area or more.</summary>
    public Augmentation? Augmentation { get; init; } = new() { Flip = 0.5, Crop = new(0.35, 1) };

    /// <summary>Which batch norms the network has beside those of its graph.</summary>
    public Normalise Normalise { get; init; }

    /// <summary>How convolutions are drawn.</summary>
    public Initialisation Initialisation { get; init; }

    /// <summary>Whether the last norm of each residual branch starts at 0, so that the block starts as its shortcut (Goyal et al. 2017).</summary>
    public bool ZeroLastNorm { get; init; }

    /// <summary>The tap that the head is put on, and the network's end; null: the last of the description.</summary>
    public string? Tap { get; init; }

    /// <summary>Rows of the network's input; null: the backbone's. Networks with dense layers before the tap fit one size alone.</summary>
    public int? Height { get; init; }

    /// <summary>Columns of the network's input, likewise.</summary>
    public int? Width { get; init; }

    /// <summary>Class weights, which count in the training; null: none. Sampling is not for this.</summary>
    public Rebalancing? ClassWeights { get; init; }

    /// <summary>Numbers: learns their natural logarithms, which must exist; the head gives the targets' own unit.</summary>
    public bool LogTarget { get; init; }

    /// <summary>Numbers: errors count by their square up to so many standard deviations of the target and by their size beyond (Huber 1964); null: by their square.</summary>
    public double? HuberDelta { get; init; }

    /// <summary>Whether the probabilities are calibrated by one temperature, measured on the validation rows.</summary>
    public bool Calibrate { get; init; } = true;

    /// <summary>
    /// The part of the rows that is held out where none is marked as validation: the best weights are chosen on it. 0: none, the
    /// weights of the last epoch are taken.
    /// </summary>
    public double HeldOut { get; init; } = 0.2;

    /// <summary>Bytes of memory that decoded images may take; null: a quarter of what this process may use. Others are decoded in every epoch.</summary>
    public long? PixelMemory { get; init; }

    /// <summary>The .onnx file that the new backbone is written to, its description beside it; null: a folder of its own in the cache.</summary>
    public string? Output { get; init; }

    /// <summary>
    /// Draws the weights, trains them, writes the new backbone and loads it. Rows of the test split are left out. Fitted twice on
    /// one machine, the weights are the same.
    /// </summary>
    /// <param name="backbone">The backbone whose architecture is taken; its weights have no part in it.</param>
    /// <param name="dataset">Images with classes, labels or numbers.</param>
    /// <param name="cache">A place for the new backbone, and for the state of a training that is not done.</param>
    /// <param name="reading">How images are decoded, and how many may fail; null: as usual.</param>
    /// <param name="progress">Is told of every step; null: nobody.</param>
    /// <param name="cancellation">Ends it with <see cref="OperationCanceledException"/>; the next call goes on there.</param>
    /// <exception cref="FitException">The architecture cannot be given fresh weights, or the rows cannot be learned from; the message names the cure.</exception>
    /// <exception cref="TrainingException">An operator has no gradient, or the settings make no sense.</exception>
    /// <exception cref="DivergedException">The learning rate is so high that not even the first epoch went well; later ones: <see cref="FineTuningReport.Diverged"/>.</exception>
    /// <exception cref="OnnxTransferException">An image cannot be read, the disk is full, the runtime failed.</exception>
    public FineTunedModel Fit(
        Backbone backbone,
        Dataset dataset,
        EmbeddingCache cache,
        EmbedSettings? reading = null,
        Action<TrainingProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        CheckSettings();
        return new ScratchRun(this, backbone, dataset, cache, reading ?? new EmbedSettings(), progress, cancellation).Run();
    }

    private void CheckSettings()
    {
        if (!(HeldOut is >= 0 and <= 0.5) || (HuberDelta is { } delta && !(delta > 0 && double.IsFinite(delta))) || Height < 1 || Width < 1 || PixelMemory < 0)
        {
            throw new FitException(string.Create(
                CultureInfo.InvariantCulture,
                $"HeldOut = {HeldOut}, HuberDelta = {HuberDelta}, Height = {Height}, Width = {Width}, PixelMemory = {PixelMemory}; "
                + $"expected HeldOut of 0 to 0.5, HuberDelta above 0, Height and Width of at least 1, PixelMemory of at least 0"));
        }

        TuningCheck.Settings(ClassWeights, Training);
    }
}
