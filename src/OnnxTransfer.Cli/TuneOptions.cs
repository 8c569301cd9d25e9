using System.CommandLine;
using System.Globalization;
using OnnxTransfer.Backbones;
using OnnxTransfer.Inference;
using OnnxTransfer.Training;

namespace OnnxTransfer.Cli;

/// <summary>How a network is trained, for every verb that trains more than a head.</summary>
internal sealed class TuneOptions
{
    private const double SgdLearningRate = 1e-2;
    private const double SgdWeightDecay = 1e-4;
    private const double CycleStart = 0.2; // fastai's fine_tune, of the highest rate
    private const double UsualRise = 0.3; // likewise, of the steps

    /// <param name="usual">What holds where an option is not given; the help says so.</param>
    /// <param name="checkpoint">Where a checkpoint is kept when none is named.</param>
    public TuneOptions(TrainingSettings usual, string checkpoint = "in the cache")
    {
        Usual = usual;
        Epochs = new("--epochs") { Description = $"passes over the rows, or over their views (default: {usual.Epochs})" };
        LearningRate = new("--learning-rate") { Description = $"the highest learning rate, that of the head; earlier stages of a network that is fine-tuned learn more slowly (default: {Text(usual.LearningRate)}, with sgd {Text(SgdLearningRate)})" };
        StepBatch = new("--step-batch") { Description = $"rows of a training step (default: {usual.BatchSize})" };
        MicroBatch = new("--micro-batch") { Description = "rows in memory at once, whose gradients are added up to those of a step; 0: all of a step's (default: 0)" };
        Optimizer = new("--optimizer") { Description = "adam, with decoupled weight decay, or sgd, with Nesterov momentum (default: adam)" };
        WeightDecay = new("--weight-decay") { Description = $"what kernels and matrices shrink by; biases and norms do not (default: {Text(usual.WeightDecay)}, with sgd {Text(SgdWeightDecay)})" };
        WarmUp = new("--warm-up") { Description = "epochs in which the learning rate rises to its height (default: one-cycle rises for three tenths of them, or as its recipe says; otherwise 0)" };
        Schedule = new("--schedule") { Description = $"how the learning rate changes: one-cycle (up, then down to nothing), cosine (down to nothing) or constant (default: {(usual.Schedule == LearningRateSchedule.Cosine() ? "cosine" : "one-cycle")})" };
        Schedule.AcceptOnlyFromAmong("one-cycle", "cosine", "constant");
        Clip = new("--clip") { Description = $"shorten gradients longer than this, all weights together (default: {(usual.ClipNorm is { } norm ? Text(norm) : "never")})" };
        LabelSmoothing = new("--label-smoothing") { Description = $"part of a class's target that is spread over all classes, 0 to below 1 (default: {Text(usual.LabelSmoothing)})" };
        Patience = new("--patience") { Description = $"epochs without a better validation loss after which training stops; 0: never. The best weights are kept either way (default: {usual.Patience ?? 0})" };
        Checkpoint = new("--checkpoint") { Description = $"file that keeps the state after every epoch, so that an interrupted run goes on there (default: a file {checkpoint}, removed when the training is done)" };
        Optimizer.AcceptOnlyFromAmong("adam", "sgd");
    }

    public TrainingSettings Usual { get; }

    public Option<int?> Epochs { get; }

    public Option<double?> LearningRate { get; }

    public Option<int?> StepBatch { get; }

    public Option<int?> MicroBatch { get; }

    public Option<string?> Optimizer { get; }

    public Option<double?> Momentum { get; } = new("--momentum") { Description = "of sgd, Nesterov's; 0: none (default: 0.9)" };

    public Option<double?> WeightDecay { get; }

    public Option<int?> WarmUp { get; }

    public Option<string?> Schedule { get; }

    public Option<double?> Clip { get; }

    public Option<double?> LabelSmoothing { get; }

    public Option<int?> Patience { get; }

    public Option<string?> Checkpoint { get; }

    public void AddTo(Command command)
    {
        foreach (var option in All)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Refuses what was given of these options where nothing is trained that they speak of.</summary>
    public void RefuseAll(ParseResult parsed, string unless)
    {
        if (Array.Find(All, option => parsed.GetResult(option) is { Implicit: false }) is { } unread)
        {
            throw new UsageException($"{unread.Name}: says how a network is trained; say {unless} too, or leave it out ('--set' has the settings of a head)");
        }
    }

    /// <summary>The usual settings with what was asked for.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="usual">What holds where an option is not given; null: <see cref="Usual"/>.</param>
    /// <exception cref="UsageException">A value is none of its option's, or two contradict each other.</exception>
    public TrainingSettings Apply(ParseResult parsed, TrainingSettings? usual = null)
    {
        usual ??= Usual;
        var optimizer = Optimized(parsed, usual);
        var isUsual = optimizer.GetType() == usual.Optimizer.GetType();
        var settings = usual with
        {
            Epochs = Whole(parsed, Epochs, 1) ?? usual.Epochs,
            BatchSize = Whole(parsed, StepBatch, 1) ?? usual.BatchSize,
            MicroBatch = Whole(parsed, MicroBatch, 0) ?? usual.MicroBatch,
            Optimizer = optimizer,
            LearningRate = Number(parsed, LearningRate, "a number above 0", value => value > 0) ?? (isUsual ? usual.LearningRate : optimizer is Sgd ? SgdLearningRate : Usual.LearningRate),
            WeightDecay = Number(parsed, WeightDecay, "0 or more", value => value >= 0) ?? (isUsual ? usual.WeightDecay : optimizer is Sgd ? SgdWeightDecay : Usual.WeightDecay),
            ClipNorm = Number(parsed, Clip, "a number above 0", value => value > 0) ?? usual.ClipNorm,
            LabelSmoothing = Number(parsed, LabelSmoothing, "0 to below 1", value => value is >= 0 and < 1) ?? usual.LabelSmoothing,
            Patience = Whole(parsed, Patience, 0) is { } patience ? (patience == 0 ? null : patience) : usual.Patience,
            Checkpoint = parsed.GetValue(Checkpoint) ?? usual.Checkpoint,
        };
        if (settings.MicroBatch > settings.BatchSize)
        {
            throw new UsageException($"--micro-batch {settings.MicroBatch}: more rows than the {settings.BatchSize} of a step; expected at most those, or a larger --step-batch");
        }

        if (settings.Patience >= settings.Epochs && parsed.GetValue(Patience) is not null)
        {
            throw new UsageException($"--patience {settings.Patience}: training ends after {settings.Epochs} epochs before it could run out; expected fewer, or more --epochs");
        }

        if (settings.Checkpoint is { } file)
        {
            if (Directory.Exists(file))
            {
                throw new UsageException($"--checkpoint {file}: a folder; expected the name of a file");
            }

            DataOptions.NeedFolder(Checkpoint, file);
        }

        return settings with { Schedule = Scheduled(parsed, settings) };
    }

    /// <summary>The same settings, where the backbone runs: on the CPU, or on the first of its GPUs.</summary>
    public static TrainingSettings On(Backbone backbone, TrainingSettings settings) => settings with
    {
        // TensorRT compiles weights into its engines, which training changes.
        Provider = backbone.Provider == ExecutionProvider.Cpu ? ExecutionProvider.Cpu : ExecutionProvider.Cuda,
        Device = backbone.Device,
    };

    private Optimizer Optimized(ParseResult parsed, TrainingSettings usual)
    {
        Optimizer asked = parsed.GetValue(Optimizer) switch
        {
            "sgd" => usual.Optimizer as Sgd ?? new Sgd(),
            "adam" => usual.Optimizer as Adam ?? new Adam(),
            _ => usual.Optimizer,
        };
        return Number(parsed, Momentum, "0 to below 1", value => value is >= 0 and < 1) is not { } momentum ? asked
            : asked is Sgd sgd ? sgd with { Momentum = momentum, Nesterov = momentum > 0 }
            : throw new UsageException("--momentum: is that of sgd; say --optimizer sgd too, or leave it out");
    }

    private LearningRateSchedule Scheduled(ParseResult parsed, TrainingSettings settings)
    {
        var schedule = parsed.GetValue(Schedule) switch
        {
            "one-cycle" => Usual.Schedule == settings.Schedule ? LearningRateSchedule.OneCycle(UsualRise, CycleStart) : settings.Schedule,
            "cosine" => LearningRateSchedule.Cosine(),
            "constant" => LearningRateSchedule.Constant,
            _ => settings.Schedule,
        };
        if (Whole(parsed, WarmUp, 0) is not { } warmUp)
        {
            return schedule;
        }

        return warmUp < settings.Epochs ? schedule.Rising(warmUp, settings.Epochs) : throw new UsageException(
            $"--warm-up {warmUp}: training ends after {settings.Epochs} epochs, before the learning rate has risen; expected fewer, or more --epochs");
    }

    private Option[] All => [Epochs, LearningRate, StepBatch, MicroBatch, Optimizer, Momentum, WeightDecay, Schedule, WarmUp, Clip, LabelSmoothing, Patience, Checkpoint];

    private static int? Whole(ParseResult parsed, Option<int?> option, int least) => parsed.GetValue(option) is not { } value ? null
        : value >= least ? value
        : throw new UsageException($"{option.Name} {value}: expected {least} or more");

    private static double? Number(ParseResult parsed, Option<double?> option, string expected, Func<double, bool> fits) => parsed.GetValue(option) is not { } value ? null
        : double.IsFinite(value) && fits(value) ? value
        : throw new UsageException($"{option.Name} {Text(value)}: expected {expected}");

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}
