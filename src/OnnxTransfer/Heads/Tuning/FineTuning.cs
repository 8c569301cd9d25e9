using System.Globalization;
using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Training;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>
/// Trains the last stages of a backbone together with a linear head. The frozen part runs once an image; what it gives is cached as any embedding,
/// and only what follows is trained. First a convex head is fitted on the embeddings as they are; then head and stages learn together, earlier
/// stages more slowly. The defaults are those of fastai's fine_tune (Howard and Gugger 2020, github.com/fastai/fastai, callback/schedule.py): there
/// the head is trained alone for an epoch at a rate of 2e-3, then all in one cycle at half of it, the rates of the layer groups evenly spaced from a
/// hundredth of that, the first part of which, a quarter as here, rises from a fifth; AdamW with a decay of 0.01. Here the groups are the stages
/// of the whole network, of which those behind the frozen part learn, each at the rate it would have if all were trained. Batch norms that cannot be
/// folded keep their statistics; their scale and shift are trained.
/// </summary>
public sealed record FineTuning
{
    /// <summary>What holds of the training unless said otherwise.</summary>
    public static TrainingSettings UsualTraining { get; } = new()
    {
        Epochs = 10,
        BatchSize = 64,
        LearningRate = 1e-3,
        WeightDecay = 1e-2,
        Schedule = LearningRateSchedule.OneCycle(rise: 0.3, start: 0.2),
    };

    /// <summary>A value of <see cref="Unfreeze"/>: the last stage of feature maps and all after it.</summary>
    public const string Last = "last";

    /// <summary>A value of <see cref="Unfreeze"/>: everything, on pixels.</summary>
    public const string All = "all";

    /// <summary>What is trained: a tap of the description, its stage and all after it; or <see cref="Last"/>; or <see cref="All"/>.</summary>
    public string Unfreeze { get; init; } = Last;

    /// <summary>A tensor of the network behind which everything is trained, instead of <see cref="Unfreeze"/>; null: that decides.</summary>
    public string? UnfreezeAfter { get; init; }

    /// <summary>
    /// How it is trained. The learning rate is the head's. Without a <see cref="TrainingSettings.Checkpoint"/> one is kept in the cache's folder
    /// until the result is safe: <see cref="FineTuningReport.Checkpoint"/>.
    /// </summary>
    public TrainingSettings Training { get; init; } = UsualTraining;

    /// <summary>The head's learning rate over that of the network's first stage; those between are evenly spaced by their logarithm.</summary>
    public double RateRatio { get; init; } = 100;

    /// <summary>The penalty of the head that is fitted first; null: chosen on validation rows.</summary>
    public double? L2 { get; init; }

    /// <summary>Class weights, which count in the first head and in the training; null: none. Sampling is not for this.</summary>
    public Rebalancing? ClassWeights { get; init; }

    /// <summary>Numbers: learns their natural logarithms, which must exist; the head gives the targets' own unit.</summary>
    public bool LogTarget { get; init; }

    /// <summary>Numbers: errors count by their square up to so many standard deviations of the target and by their size beyond (Huber 1964); null: by their square.</summary>
    public double? HuberDelta { get; init; }

    /// <summary>
    /// Mixup of the frozen part's values (Verma et al. 2019, "Manifold Mixup"): every row is mixed with another one, targets likewise, by a share of
    /// Beta(a, a) drawn anew in every epoch; this is a, 0 mixes nothing. Not where nothing is frozen: pixels are augmented instead.
    /// </summary>
    public double Mixup { get; init; }

    /// <summary>
    /// Augmented views to learn from: epochs take turns with the images as they are and with these, each of which the frozen part runs once.
    /// Where nothing is frozen, images are augmented anew in every epoch, as the first of these says. The first head and the validation see images as they are.
    /// </summary>
    public IReadOnlyList<AugmentedView> Views { get; init; } = [];

    /// <summary>Whether the probabilities are calibrated by one temperature, measured on the validation rows.</summary>
    public bool Calibrate { get; init; } = true;

    /// <summary>The part of the rows that is held out where none is marked as validation: the best weights are chosen on it.</summary>
    public double HeldOut { get; init; } = 0.2;

    /// <summary>The .onnx file that the new backbone is written to, its description beside it; null: a folder of its own in the cache.</summary>
    public string? Output { get; init; }

    /// <summary>Fails where <see cref="Fit"/> would because of the backbone, whatever the data, without running it.</summary>
    /// <param name="backbone">The backbone with the taps that make the embedding.</param>
    /// <exception cref="TrainingException">The backbone cannot be trained from there on; the message says from where it could.</exception>
    /// <exception cref="FitException">A setting makes no sense.</exception>
    public void Check(Backbone backbone) => _ = Parts(backbone);

    /// <summary>
    /// Trains, writes the new backbone and loads it. Rows of the test split are left out. Fitted twice on one machine, the weights are the same.
    /// </summary>
    /// <param name="backbone">The backbone with the taps that make the embedding; it is not changed.</param>
    /// <param name="dataset">Images with classes, labels or numbers.</param>
    /// <param name="cache">Keeps the frozen part's values: images x values x 4 bytes, which the report tells.</param>
    /// <param name="embedding">How images are embedded; null: as usual.</param>
    /// <param name="progress">Is told of every step; null: nobody.</param>
    /// <param name="cancellation">Ends it with <see cref="OperationCanceledException"/>; the next call goes on there.</param>
    /// <exception cref="TrainingException">The backbone cannot be trained from there on; the message says from where it could.</exception>
    /// <exception cref="DivergedException">The learning rate is so high that not even the first epoch went well; later ones: <see cref="FineTuningReport.Diverged"/>.</exception>
    /// <exception cref="FitException">The rows cannot be learned from; the message names the row and the cure.</exception>
    /// <exception cref="OnnxTransferException">An image cannot be embedded, the disk is full, the runtime failed.</exception>
    public FineTunedModel Fit(
        Backbone backbone,
        Dataset dataset,
        EmbeddingCache cache,
        EmbedSettings? embedding = null,
        Action<TrainingProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        return new FineTuningRun(this, backbone, dataset, cache, embedding ?? new EmbedSettings(), progress, cancellation).Run();
    }

    /// <summary>The network of <paramref name="backbone"/> and its part that is trained, all operators of which have gradients.</summary>
    internal (BackboneNetwork Network, SuffixNetwork Suffix) Parts(Backbone backbone)
    {
        CheckSettings();
        var network = BackboneNetwork.Of(backbone);
        var suffix = SuffixNetwork.Of(network, UnfreezeChoice.Of(network, Unfreeze, UnfreezeAfter));

        if (Mixup > 0 && suffix.FrozenTap is null)
        {
            throw new FitException($"Mixup = {Mixup} with nothing frozen; expected 0: pixels are augmented instead, by Views");
        }

        // With a head of zeros.
        int width = backbone.Width;
        var draft = suffix.With(new DenseLayer(new float[width], new float[1]), new(new double[width], new double[width]), Training.WeightDecay, RateRatio);
        var forward = ForwardGraph.Of(draft, new OnnxTransfer.Training.Losses.SquaredLoss());
        _ = StepGraph.Build(forward.Model, forward.Loss, draft.Weights, Training.Optimizer, 1, Training.ClipNorm);
        return (network, suffix);
    }

    private void CheckSettings()
    {
        if (!(RateRatio >= 1 && double.IsFinite(RateRatio)) || !(HeldOut is > 0 and <= 0.5) || HuberDelta is { } delta && !(delta > 0 && double.IsFinite(delta))
            || L2 is { } l2 && !(l2 >= 0 && double.IsFinite(l2)) || !(Mixup >= 0 && double.IsFinite(Mixup)))
        {
            throw new FitException(string.Create(
                CultureInfo.InvariantCulture,
                $"RateRatio = {RateRatio}, HeldOut = {HeldOut}, HuberDelta = {HuberDelta}, L2 = {L2}, Mixup = {Mixup}; expected RateRatio of at least 1, HeldOut above 0 and at most 0.5, HuberDelta above 0, L2 and Mixup of at least 0"));
        }

        TuningCheck.Settings(ClassWeights, Training);
    }
}
