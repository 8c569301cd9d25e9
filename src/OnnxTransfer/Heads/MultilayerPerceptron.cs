using System.Diagnostics;
using System.Globalization;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Inference;
using OnnxTransfer.Numerics;
using OnnxTransfer.Training;

namespace OnnxTransfer.Heads;

/// <summary>
/// The multilayer perceptron of the transfer-learning literature: dense layers with max(x, 0) between them, then softmax over
/// classes, a logistic function for each of several labels, or one value or several. It makes small, by mini-batches, the
/// weighted mean of the cross entropy (classes), of the mean binary cross entropy (labels), or of the mean squared or Huber
/// error of the standardised targets (values). The training step, gradients included, is one ONNX graph; first weights are drawn as
/// torch.nn.Linear draws them, and optimisers and schedules take PyTorch's steps.
/// </summary>
public sealed record MultilayerPerceptron : IHeadTrainer
{
    /// <summary>Widths of the hidden layers; none: softmax regression, or a linear regression, by mini-batches.</summary>
    public IReadOnlyList<int> Hidden { get; init; } = [256];

    /// <summary>The part of each hidden layer's outputs that is left out of a step, drawn anew for every row and step (Srivastava et al. 2014).</summary>
    public double Dropout { get; init; } = 0.5;

    /// <summary>Weight decay of the weights; biases bear none.</summary>
    public double WeightDecay { get; init; } = 1e-2;

    /// <summary>How weights follow their gradients: <see cref="Adam"/> or <see cref="Sgd"/>.</summary>
    public Optimizer Optimizer { get; init; } = new Adam();

    /// <summary>The learning rate at the schedule's height.</summary>
    public double LearningRate { get; init; } = 3e-4;

    /// <summary>The learning rate from epoch to epoch.</summary>
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Constant;

    /// <summary>How often all rows are gone through; null: chosen by <see cref="Search"/> on validation rows, then fitted again on all rows.</summary>
    public int? Epochs { get; init; }

    /// <summary>
    /// How the number of epochs is chosen where none is given: on the rows marked Validation, or where there are none on a held-out part.
    /// </summary>
    public EpochSearch Search { get; init; } = new();

    /// <summary>Rows of a step; where there are fewer, all of them.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>The part of a class's or label's target that is spread over all (Szegedy et al. 2016).</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>
    /// Mixup of the embeddings (Zhang et al. 2018): every row is mixed with another one, targets likewise, by a share of
    /// Beta(a, a) drawn anew in every epoch; this is a, 0 mixes nothing, 0.2 is usual. The loss to score by is that of plain rows.
    /// </summary>
    public double Mixup { get; init; }

    /// <summary>
    /// Values only: errors count by their square up to so many standard deviations of the target and by their size beyond
    /// (Huber 1964); null: by their square throughout.
    /// </summary>
    public double? HuberDelta { get; init; }

    /// <summary>
    /// Values only: answers with this quantile of the targets, from 0 to 1, instead of their mean (the pinball loss, Koenker and Bassett 1978);
    /// null: the mean.
    /// </summary>
    public double? Quantile { get; init; }

    /// <summary>
    /// Fits the natural logarithm of the target, which must be positive; the head exponentiates, so that it predicts the
    /// target's own unit.
    /// </summary>
    public bool LogTarget { get; init; }

    /// <summary>Brings every column to mean 0 and deviation 1 for the fit; folded into the head afterwards. False: to mean 0 only.</summary>
    public bool Standardise { get; init; } = true;

    /// <summary>Decides first weights, the order of the rows and what is dropped out.</summary>
    public long Seed { get; init; }

    /// <summary>Threads to work on; 0: all processors. The head does not depend on it.</summary>
    public int Threads { get; init; }

    /// <summary>
    /// What computes the steps. On CUDA weights and optimiser state stay on the GPU from step to step; heads may then differ in
    /// their last digits from those of the CPU.
    /// </summary>
    public ExecutionProvider Provider { get; init; } = ExecutionProvider.Cpu;

    /// <inheritdoc/>
    public string Kind => "mlp";

    /// <summary>Whether a fit chooses the number of epochs on validation rows.</summary>
    public bool Chooses => Epochs is null;

    /// <inheritdoc/>
    public bool Takes(HeadTask task) => true;

    /// <inheritdoc/>
    public IHeadTrainer Frozen(FitReport report) => Scheduled() with { Epochs = (int)report.Chosen!.Value };

    /// <summary>Learns from all rows of <paramref name="set"/>, whatever their split. Fitted twice, the head is the same to the bit.</summary>
    /// <param name="set">N x D embeddings with labels, sets of labels or targets; weights are honoured.</param>
    /// <param name="cancellation">Ends the fit with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FitException">The set cannot be learned from, or the fit diverges; the message names the row or the epoch and the cure.</exception>
    /// <exception cref="ProviderException">The provider asked for does not work here.</exception>
    public MlpHead Fit(EmbeddingSet set, CancellationToken cancellation = default) => FitAndReport(set, null, cancellation).Head;

    /// <summary>The same fit, together with the loss of the validation rows after every epoch, what was chosen and noticed.</summary>
    /// <param name="set">N x D embeddings with labels, sets of labels or targets; weights are honoured.</param>
    /// <param name="progress">Is told of every epoch; null: nobody.</param>
    /// <param name="cancellation">Ends the fit, between two steps, with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FitException">The set cannot be learned from, or the fit diverges; the message names the row or the epoch and the cure.</exception>
    /// <exception cref="ProviderException">The provider asked for does not work here.</exception>
    public HeadFit<MlpHead> FitAndReport(EmbeddingSet set, Action<FitProgress>? progress = null, CancellationToken cancellation = default)
    {
        var clock = Stopwatch.StartNew();
        CheckSettings();
        cancellation.ThrowIfCancellationRequested();
        set = FitCheck.Rows(set, Chunks.Threads(Threads));
        var targets = PerceptronTargets.Of(set, LogTarget);
        List<string> notes = set.IsRegression ? [] : [.. ClassesWithoutRows.Note(set, targets.Present)];
        Choice? choice = null;
        if (Epochs is null)
        {
            var holdout = Holdout.Make(
                set, Search.HeldOut, Search.Seed, "epochs", $"epochs = {Search.Fallback} was taken (EpochSearch.Fallback)", Search.Refit);
            notes.AddRange(holdout.Notes);
            choice = holdout.Validation is null ? null : Choose(holdout.Fit, holdout.Validation, notes, progress, cancellation);
        }

        int epochs = Epochs ?? choice?.Epochs ?? Search.Fallback;
        var (head, objective) = choice is { Head: { } best } ? (best, choice.Objective) : Final(set, targets, epochs, progress, cancellation);
        return new HeadFit<MlpHead>(head, new FitReport
        {
            Chosen = new Setting("epochs", epochs),
            Path = choice?.Path ?? [],
            Objective = objective,
            Iterations = epochs,
            Seconds = clock.Elapsed.TotalSeconds,
            Rows = choice?.Head is null ? set.Count : choice.Rows,
            Settings = Settings(),
            Notes = notes,
        });
    }

    HeadFit<IHead> IHeadTrainer.FitAndReport(EmbeddingSet set, Action<FitProgress>? progress, CancellationToken cancellation)
    {
        var (head, report) = FitAndReport(set, progress, cancellation);
        return new HeadFit<IHead>(head, report);
    }

    // The schedule's length must not depend on how many of the epochs it was made for are gone through.
    private MultilayerPerceptron Scheduled() => this with { Schedule = Schedule.Over(Epochs ?? Search.Maximum) };

    private (MlpHead Head, double Objective) Final(
        EmbeddingSet set, PerceptronTargets targets, int epochs, Action<FitProgress>? progress, CancellationToken cancellation)
    {
        using var fit = new PerceptronFit(Scheduled(), set, targets, cancellation);
        double loss = 0;
        for (int epoch = 0; epoch < epochs; epoch++)
        {
            loss = fit.Epoch(epoch, cancellation);
            progress?.Invoke(new FitProgress($"final fit ({epochs} epochs)", epoch + 1, loss));
        }

        return (fit.Head(), loss);
    }

    // The best number of epochs; its head only where that is the one wanted.
    private Choice Choose(EmbeddingSet set, EmbeddingSet validation, List<string> notes, Action<FitProgress>? progress, CancellationToken cancellation)
    {
        var targets = PerceptronTargets.Of(set, LogTarget);
        using var fit = new PerceptronFit(Scheduled(), set, targets, cancellation);
        var validationTargets = targets.For(validation);
        var path = new List<Trial>();
        var best = new Choice(0, null, double.NaN, set.Count, path);
        double bestScore = double.PositiveInfinity;
        for (int epoch = 0; epoch < Search.Maximum && epoch - best.Epochs < Search.Patience; epoch++)
        {
            var clock = Stopwatch.StartNew();
            double loss = fit.Epoch(epoch, cancellation), score = fit.Score(validation, validationTargets, cancellation);
            score = double.IsNaN(score) ? double.PositiveInfinity : score;
            progress?.Invoke(new FitProgress($"choosing the epochs (at most {Search.Maximum})", epoch + 1, loss));
            path.Add(new Trial(new Setting("epochs", epoch + 1), score, epoch + 1, clock.Elapsed.TotalSeconds));
            if (score < bestScore || best.Epochs == 0)
            {
                best = best with { Epochs = epoch + 1, Head = Search.Refit ? null : fit.Head(), Objective = loss };
                bestScore = score;
            }
        }

        if (best.Epochs == Search.Maximum)
        {
            notes.Add($"the chosen {best.Epochs} epochs are the most that were tried: more (EpochSearch.Maximum) may be better");
        }

        return best;
    }

    private void CheckSettings()
    {
        Search.Check();
        if (Epochs is < 1 || BatchSize < 1 || Threads < 0 || Hidden.Any(width => width < 1))
        {
            throw new FitException(
                $"Epochs = {Epochs}, BatchSize = {BatchSize}, Threads = {Threads}, Hidden = [{string.Join(", ", Hidden)}]; "
                + "expected Epochs of at least 1, or null to have them chosen, BatchSize and widths of at least 1, Threads of at least 0");
        }

        if (!(LearningRate > 0 && double.IsFinite(LearningRate)) || !(WeightDecay >= 0 && double.IsFinite(WeightDecay)) || !(Dropout is >= 0 and < 1)
            || !(LabelSmoothing is >= 0 and < 1) || !(Mixup >= 0 && double.IsFinite(Mixup)) || HuberDelta is { } delta && !(delta > 0 && double.IsFinite(delta))
            || Quantile is { } level && !(level is > 0 and < 1))
        {
            throw new FitException(string.Create(
                CultureInfo.InvariantCulture,
                $"LearningRate = {LearningRate}, WeightDecay = {WeightDecay}, Dropout = {Dropout}, LabelSmoothing = {LabelSmoothing}, Mixup = {Mixup}, HuberDelta = {HuberDelta}, Quantile = {Quantile}; "
                + $"expected LearningRate and HuberDelta above 0, WeightDecay and Mixup of at least 0, Dropout and LabelSmoothing of at least 0 and below 1, Quantile above 0 and below 1"));
        }

        if ((Optimizer.Fault ?? Schedule.Fault) is { } fault)
        {
            throw new FitException(fault);
        }
    }

    private Dictionary<string, string> Settings()
    {
        static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
        var settings = new Dictionary<string, string>
        {
            ["hidden"] = string.Join(", ", Hidden),
            ["optimizer"] = Optimizer.GetType().Name,
            ["learningRate"] = Text(LearningRate),
            ["schedule"] = $"{Scheduled().Schedule}",
            ["batchSize"] = $"{BatchSize}",
            ["weightDecay"] = Text(WeightDecay),
        };
        (string Name, bool IsSet, string Value)[] others =
        [
            ("dropout", Dropout > 0 && Hidden.Count > 0, Text(Dropout)),
            ("labelSmoothing", LabelSmoothing > 0, Text(LabelSmoothing)),
            ("mixup", Mixup > 0, Text(Mixup)),
            ("huberDelta", HuberDelta is not null, Text(HuberDelta ?? 0)),
            ("quantile", Quantile is not null, Text(Quantile ?? 0)),
            ("logTarget", LogTarget, "true"),
        ];
        foreach (var (name, _, value) in others.Where(setting => setting.IsSet))
        {
            settings[name] = value;
        }

        return settings;
    }

    // What early stopping found: the head only where it is not fitted again.
    private sealed record Choice(int Epochs, MlpHead? Head, double Objective, int Rows, IReadOnlyList<Trial> Path);
}
