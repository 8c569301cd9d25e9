using OnnxTransfer.Heads;
using OnnxTransfer.Training;

namespace OnnxTransfer.Cli.Heads;

/// <summary><c>--head mlp</c>, the head with the most settings.</summary>
internal static class PerceptronKind
{
    private const double SgdLearningRate = 1e-2;
    private const double SgdWeightDecay = 1e-4;

    public static HeadKind Kind { get; } = new(
        "mlp", "a multilayer perceptron: Dense(hidden, relu), dropout, Dense(outputs)", [HeadTask.Classes, HeadTask.Labels, HeadTask.Values],
        [
            new("hidden", "widths of the hidden layers, separated by commas, or none", "256"),
            new("dropout", "part of a hidden layer left out of each step, 0 to below 1", "0.5"),
            new("epochs", "passes over the rows", "chosen on validation"),
            new("max-epochs", "the most passes, where they are chosen", "100"),
            new("patience", "passes without a better validation loss after which the search ends", "10"),
            new("refit", "fit again on all rows for the chosen epochs; false: keep the best weights of the search", "true"),
            new("optimizer", "adam (decoupled weight decay) or sgd (Nesterov momentum 0.9)", "adam"),
            new("learning-rate", "at the schedule's height", "3e-4; sgd: 1e-2"),
            new("schedule", "constant, step (a tenth after every third of the epochs), exponential (x 0.95 an epoch) or cosine", "constant"),
            new("warm-up", "epochs in which the rate rises to its height", "0"),
            new("weight-decay", "of the weights", "1e-2; sgd: 1e-4"),
            new("batch", "rows of a step", "128"),
            new("label-smoothing", "part of every answer spread over all, 0 to below 1", "0"),
            new("mixup", "mix rows with others by shares of Beta(a, a): a, such as 0.2; 0 mixes nothing", "0"),
            new("huber-delta", "numbers: errors beyond so many deviations of the target count linearly", "none: squares throughout"),
            new("quantile", "numbers: answer with this quantile of the targets, 0.9 for one that nine of ten stay below", "none: the mean"),
            HeadSetting.Standardise,
        ],
        Make);

    private enum OptimizerName
    {
        Adam,
        Sgd,
    }

    private enum ScheduleName
    {
        Constant,
        Step,
        Exponential,
        Cosine,
    }

    private static MultilayerPerceptron Make(HeadRequest request)
    {
        var usual = new MultilayerPerceptron();
        var isSgd = request.Choice<OptimizerName>("optimizer") == OptimizerName.Sgd;
        var epochs = request.Int("epochs", 1);
        foreach (var search in new[] { "max-epochs", "patience", "refit" })
        {
            request.Refuse(search, epochs is not null, "the number of epochs is given, so that none is searched for");
        }

        request.Refuse("huber-delta", request.Task != HeadTask.Values, "it is for numbers to predict");
        request.Refuse("quantile", request.Task != HeadTask.Values, "it is for numbers to predict");
        request.Refuse("quantile", request.Number("huber-delta", "a number above 0", value => value > 0) is not null, "huber-delta asks for another loss");
        request.Refuse("label-smoothing", request.Task == HeadTask.Values, "it is for classes and labels");
        request.Refuse("warm-up", request.Int("warm-up") >= epochs, $"the fit ends after {epochs} epochs, before the rate has risen");
        var most = request.Int("max-epochs", 1) ?? usual.Search.Maximum;
        return usual with
        {
            Hidden = request.Ints("hidden") ?? usual.Hidden,
            Dropout = request.Number("dropout", "0 to below 1", value => value is >= 0 and < 1) ?? usual.Dropout,
            Epochs = epochs,
            Search = usual.Search with
            {
                Maximum = most,
                Patience = request.Int("patience", 1) ?? usual.Search.Patience,
                Refit = request.Flag("refit") ?? usual.Search.Refit,
                HeldOut = request.HeldOut,
                Seed = request.Seed,
            },
            Optimizer = isSgd ? new Sgd() : usual.Optimizer,
            LearningRate = request.Number("learning-rate", "a number above 0", value => value > 0) ?? (isSgd ? SgdLearningRate : usual.LearningRate),
            Schedule = Schedule(request.Choice<ScheduleName>("schedule") ?? ScheduleName.Constant, epochs ?? most) with { WarmUp = request.Int("warm-up") ?? 0 },
            WeightDecay = request.Number("weight-decay", "a number of at least 0", value => value >= 0) ?? (isSgd ? SgdWeightDecay : usual.WeightDecay),
            BatchSize = request.Int("batch", 1) ?? usual.BatchSize,
            LabelSmoothing = request.Number("label-smoothing", "0 to below 1", value => value is >= 0 and < 1) ?? usual.LabelSmoothing,
            Mixup = request.Number("mixup", "a number of at least 0", value => value >= 0) ?? usual.Mixup,
            HuberDelta = request.Number("huber-delta", "a number above 0", value => value > 0),
            Quantile = request.Number("quantile", "a number between 0 and 1", value => value is > 0 and < 1),
            LogTarget = request.LogTarget,
            Standardise = request.Flag("standardise") ?? usual.Standardise,
            Seed = request.Seed,
        };
    }

    private static LearningRateSchedule Schedule(ScheduleName name, int epochs) => name switch
    {
        ScheduleName.Step => LearningRateSchedule.Step(Math.Max(1, epochs / 3)),
        ScheduleName.Exponential => LearningRateSchedule.Exponential(),
        ScheduleName.Cosine => LearningRateSchedule.Cosine(),
        _ => LearningRateSchedule.Constant,
    };
}
