using System.Diagnostics;
using System.Globalization;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// Fits another trainer's head and calibrates its probabilities by <see cref="Temperature"/>. T is measured on rows the
/// measured head has not seen: those marked Validation, or where there are none a held-out part; for that the inner trainer,
/// with everything fixed that it chose, is fitted once more on the other rows. The head itself is that of all rows. Heads
/// of values pass through unchanged.
/// </summary>
/// <param name="Inner">The trainer whose heads are calibrated.</param>
public sealed record CalibratedTrainer(IHeadTrainer Inner) : IHeadTrainer
{
    // Not "temperature": heads have settings of that name themselves.
    private const string SettingName = "calibration";

    /// <summary>T; null: measured.</summary>
    public double? Temperature { get; init; }

    /// <summary>The part of the rows that is held out where no row is marked as validation.</summary>
    public double HeldOut { get; init; } = 0.2;

    /// <summary>Decides which rows are held out.</summary>
    public long Seed { get; init; }

    /// <inheritdoc/>
    public string Kind => Inner.Kind;

    /// <inheritdoc/>
    public string? WhyNotExported => Inner.WhyNotExported;

    /// <inheritdoc/>
    public bool Chooses => Temperature is null || Inner.Chooses;

    /// <inheritdoc/>
    public bool Takes(HeadTask task) => Inner.Takes(task);

    /// <inheritdoc/>
    public IHeadTrainer Frozen(FitReport report) => this with
    {
        Inner = Inner.Frozen(report),
        Temperature = report.Settings.TryGetValue(SettingName, out string? found) ? double.Parse(found, CultureInfo.InvariantCulture) : Temperature ?? 1, // values, which no T touches
    };

    /// <inheritdoc/>
    public IHead Fit(EmbeddingSet set, CancellationToken cancellation = default) => FitAndReport(set, null, cancellation).Head;

    /// <inheritdoc/>
    public HeadFit<IHead> FitAndReport(EmbeddingSet set, Action<FitProgress>? progress = null, CancellationToken cancellation = default)
    {
        var clock = Stopwatch.StartNew();
        if (!(HeldOut is > 0 and <= 0.5) || (Temperature is { } given && !(given > 0 && double.IsFinite(given))))
        {
            throw new FitException(
                $"HeldOut = {HeldOut}, Temperature = {Temperature}; expected HeldOut above 0 and at most 0.5, Temperature above 0, or null to have it measured");
        }

        var (head, report) = Inner.FitAndReport(set, progress, cancellation);
        if (head.Task == HeadTask.Values)
        {
            return new HeadFit<IHead>(head, report);
        }

        var (temperature, notes) = Temperature is { } fixedOne ? (fixedOne, []) : Measure(set, report, progress, cancellation);
        return new HeadFit<IHead>(Heads.Temperature.Apply(head, temperature), report with
        {
            Seconds = clock.Elapsed.TotalSeconds,
            Settings = new Dictionary<string, string>(report.Settings) { [SettingName] = temperature.ToString("R", CultureInfo.InvariantCulture) },
            Notes = [.. report.Notes, .. notes],
        });
    }

    private (double Temperature, IReadOnlyList<string> Notes) Measure(
        EmbeddingSet set, FitReport report, Action<FitProgress>? progress, CancellationToken cancellation)
    {
        var holdout = Holdout.Make(FitCheck.Rows(set, Chunks.Threads(0)), HeldOut, Seed, "temperature", "probabilities are as they were fitted (T = 1)", refits: false);
        if (holdout.Validation is not { } validation)
        {
            return (1, holdout.Notes);
        }

        var measured = Inner.Frozen(report).FitAndReport(
            holdout.Fit, step => progress?.Invoke(step with { Stage = $"calibration: {step.Stage}" }), cancellation).Head;
        var (temperature, note) = Heads.Temperature.Find(measured, validation);
        var before = measured.Predict(validation.Rows);
        double errorBefore = Error(before, validation);
        double errorAfter = Error(Heads.Temperature.Apply(measured, temperature) is TemperedHead tempered
            ? tempered.Temper(before) : Heads.Temperature.Apply(measured, temperature).Predict(validation.Rows), validation);
        string effect = string.Create(
            CultureInfo.InvariantCulture, $"temperature {temperature:g4}: expected calibration error on validation rows {errorBefore:f4} before, {errorAfter:f4} after");
        return (temperature, note is null ? [.. holdout.Notes, effect] : [.. holdout.Notes, note, effect]);
    }

    // Of the most probable classes, or of all labels.
    private static double Error(Matrix probabilities, EmbeddingSet set) => CalibrationCurve.Error(CalibrationCurve.Of(
        Enumerable.Range(0, set.Count).SelectMany(i => set.IsMultiLabel
            ? probabilities[i].ToArray().Select((probability, label) => ((double)probability, set.LabelSets[i].Contains(label)))
            : [Top(probabilities[i], set.Labels[i])])));

    private static (double Confidence, bool IsRight) Top(ReadOnlySpan<float> probabilities, int label)
    {
        int top = 0;
        for (int c = 1; c < probabilities.Length; c++)
        {
            top = probabilities[c] > probabilities[top] ? c : top;
        }

        return (probabilities[top], top == label);
    }
}
