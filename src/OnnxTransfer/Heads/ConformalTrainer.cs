using System.Diagnostics;
using System.Globalization;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// Fits another trainer's interval (<see cref="QuantileHead"/>) and moves both its ends by one number so that it covers what it
/// promises: conformalised quantile regression (Romano, Patterson and Candes 2019). Lines fitted on few rows of many columns lie too
/// close to those rows; how far is measured on rows they have not seen: those marked Validation, or where there are none a
/// held-out part, on which the inner trainer, with everything fixed that it chose, is judged after a fit on the other rows. The
/// head itself is that of all rows. Other heads pass through unchanged.
/// </summary>
/// <param name="Inner">The trainer whose intervals are moved.</param>
/// <param name="Coverage">The part of the targets that the interval shall hold, above 0 and below 1.</param>
public sealed record ConformalTrainer(IHeadTrainer Inner, double Coverage) : IHeadTrainer
{
    private const string SettingName = "margin";

    /// <summary>By how much each end is moved outwards, in the target's unit (in its logarithm for LogTarget); null: measured.</summary>
    public double? Margin { get; init; }

    /// <summary>The part of the rows that is held out where no row is marked as validation.</summary>
    public double HeldOut { get; init; } = 0.2;

    /// <summary>Decides which rows are held out.</summary>
    public long Seed { get; init; }

    /// <inheritdoc/>
    public string Kind => Inner.Kind;

    /// <inheritdoc/>
    public string? WhyNotExported => Inner.WhyNotExported;

    /// <inheritdoc/>
    public bool Chooses => Margin is null || Inner.Chooses;

    /// <inheritdoc/>
    public bool Takes(HeadTask task) => Inner.Takes(task);

    /// <inheritdoc/>
    public IHeadTrainer Frozen(FitReport report) => this with
    {
        Inner = Inner.Frozen(report),
        Margin = report.Settings.TryGetValue(SettingName, out string? found) ? double.Parse(found, CultureInfo.InvariantCulture) : Margin,
    };

    /// <inheritdoc/>
    public IHead Fit(EmbeddingSet set, CancellationToken cancellation = default) => FitAndReport(set, null, cancellation).Head;

    /// <inheritdoc/>
    public HeadFit<IHead> FitAndReport(EmbeddingSet set, Action<FitProgress>? progress = null, CancellationToken cancellation = default)
    {
        var clock = Stopwatch.StartNew();
        if (!(HeldOut is > 0 and <= 0.5) || !(Coverage is > 0 and < 1) || !double.IsFinite(Margin ?? 0))
        {
            throw new FitException(
                $"HeldOut = {HeldOut}, Coverage = {Coverage}, Margin = {Margin}; expected HeldOut above 0 and at most 0.5, Coverage above 0 and below 1, a finite Margin, or null to have it measured");
        }

        var (head, report) = Inner.FitAndReport(set, progress, cancellation);
        if (head is not QuantileHead interval)
        {
            return new HeadFit<IHead>(head, report);
        }

        var (margin, notes) = Margin is { } given ? (given, []) : Measure(set, report, progress, cancellation);
        float[] bias = [(float)(interval.Bias[0] - margin), interval.Bias[1], (float)(interval.Bias[2] + margin)];
        return new HeadFit<IHead>(new QuantileHead(interval.Weights, bias, interval.IsExponential), report with
        {
            Seconds = clock.Elapsed.TotalSeconds,
            Settings = new Dictionary<string, string>(report.Settings) { [SettingName] = margin.ToString("R", CultureInfo.InvariantCulture) },
            Notes = [.. report.Notes, .. notes],
        });
    }

    private (double Margin, IReadOnlyList<string> Notes) Measure(
        EmbeddingSet set, FitReport report, Action<FitProgress>? progress, CancellationToken cancellation)
    {
        var holdout = Holdout.Make(FitCheck.Rows(set, Chunks.Threads(0)), HeldOut, Seed, "the interval's margin", "the interval is as it was fitted", refits: false);
        if (holdout.Validation is not { } validation)
        {
            return (0, holdout.Notes);
        }

        var measured = (QuantileHead)Inner.Frozen(report).FitAndReport(
            holdout.Fit, step => progress?.Invoke(step with { Stage = $"margin: {step.Stage}" }), cancellation).Head;
        var predicted = measured.Predict(validation.Rows);
        double[] beyond = [.. Enumerable.Range(0, validation.Count).Select(i => Beyond(predicted[i], validation.Targets[i], measured.IsExponential))];
        double inside = beyond.Count(distance => distance <= 0) / (double)beyond.Length;
        double margin = Quantile(beyond, validation.Weights);
        return (margin, [.. holdout.Notes, string.Create(
            CultureInfo.InvariantCulture, $"the interval held {inside:0.00} of the validation rows' targets, {Coverage:0.00} asked; both ends were moved by {margin:g4}{(measured.IsExponential ? " of the logarithm" : "")}")]);
    }

    // How far a target lies beyond the nearer end of its interval; below 0 within it.
    private static double Beyond(ReadOnlySpan<float> interval, double target, bool isExponential) => isExponential
        ? Math.Max(Math.Log(interval[0]) - Math.Log(target), Math.Log(target) - Math.Log(interval[2]))
        : Math.Max(interval[0] - target, target - interval[2]);

    // The ceil((n + 1) x coverage)-th smallest, by weight; the largest where there are too few rows for it.
    private double Quantile(double[] beyond, double[] weights)
    {
        int[] order = [.. Enumerable.Range(0, beyond.Length).OrderBy(i => beyond[i])];
        double total = weights.Length == 0 ? beyond.Length : weights.Sum();
        double wanted = Coverage * (total + (total / beyond.Length)), reached = 0;
        foreach (int i in order)
        {
            reached += weights.Length == 0 ? 1 : weights[i];
            if (reached >= wanted - (1e-9 * total))
            {
                return beyond[i];
            }
        }

        return beyond[order[^1]];
    }
}
