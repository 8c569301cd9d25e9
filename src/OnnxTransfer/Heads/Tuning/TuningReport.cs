using System.Globalization;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Training;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>What a training with a linear head ends with: the head, its temperature, the report.</summary>
internal static class TuningReport
{
    /// <summary>The one layer of <paramref name="raw"/> as a linear head.</summary>
    public static IHead Head(MlpHead raw) =>
        new LinearHead(raw.Layers[0].Weights, raw.Layers[0].Bias, raw.Activation, raw.Classes, raw.Classes.Count > 0 ? null : raw.ValueNames);

    /// <summary>The head with a temperature measured on rows that were not trained on; as it is where there are none.</summary>
    /// <param name="head">A head of classes or labels.</param>
    /// <param name="validation">Those rows by the new backbone; null: none.</param>
    /// <param name="told">Receives the temperature.</param>
    /// <param name="notes">Is told of it.</param>
    public static IHead Calibrated(IHead head, EmbeddingSet? validation, Dictionary<string, string> told, List<string> notes)
    {
        if (validation is null)
        {
            notes.Add("no temperature was measured, there being no validation rows: probabilities are as they were trained");
            return head;
        }

        var (temperature, note) = Temperature.Find(head, validation);
        notes.Add(note ?? string.Create(CultureInfo.InvariantCulture, $"temperature {temperature:g4}, measured on the validation rows"));
        told["calibration"] = temperature.ToString("R", CultureInfo.InvariantCulture);
        return Temperature.Apply(head, temperature);
    }

    /// <summary>The settings of a training for a model card, with those that are its own; what is null is left out.</summary>
    public static Dictionary<string, string> Settings(
        TrainingSettings training, TrainedNetwork trained, Rebalancing? classWeights, double? huberDelta, bool logTarget, params (string Name, string? Value)[] own)
    {
        (string Name, string? Value)[] all =
        [
            .. own,
            ("optimizer", training.Optimizer.GetType().Name),
            ("learningRate", Text(training.LearningRate)),
            ("schedule", $"{training.Schedule.Over(training.Epochs)}"),
            ("epochsRun", $"{trained.Epochs.Count}"),
            ("batchSize", $"{training.BatchSize}"),
            ("weightDecay", Text(training.WeightDecay)),
            ("labelSmoothing", training.LabelSmoothing > 0 ? Text(training.LabelSmoothing) : null),
            ("clipNorm", training.ClipNorm is { } norm ? Text(norm) : null),
            ("patience", training.Patience is { } patience ? $"{patience}" : null),
            ("classWeights", classWeights?.Summary),
            ("huberDelta", huberDelta is { } delta ? Text(delta) : null),
            ("logTarget", logTarget ? "true" : null),
        ];
        return all.Where(setting => setting.Value is not null).ToDictionary(setting => setting.Name, setting => setting.Value!, StringComparer.Ordinal);
    }

    /// <summary>The report that any head has.</summary>
    /// <param name="trained">The training.</param>
    /// <param name="seconds">All that was done beside the steps, whose time, that of interrupted runs included, the training knows.</param>
    /// <param name="rows">Rows that were learned from.</param>
    /// <param name="settings">For the model card.</param>
    /// <param name="notes">What a reader should know.</param>
    public static FitReport Of(TrainedNetwork trained, double seconds, int rows, Dictionary<string, string> settings, List<string> notes) => new()
    {
        Chosen = new Setting("epochs", trained.Best + 1),
        Objective = trained.Epochs[trained.Best].Loss,
        Iterations = trained.Epochs.Count,
        Seconds = seconds + trained.Seconds,
        Rows = rows,
        Settings = settings,
        Notes = notes,
    };

    /// <summary>A number as a model card has it.</summary>
    public static string Text(double value) => value.ToString("g6", CultureInfo.InvariantCulture);
}
