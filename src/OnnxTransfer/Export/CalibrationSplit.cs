using OnnxTransfer.Datasets;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Export;

/// <summary>Which items a quantised backbone is calibrated on, which its probes are fitted on, and which it is measured on.</summary>
/// <param name="Calibration">Images that give activations their ranges.</param>
/// <param name="Fit">Items for the probes' fit; they may have calibrated, since nothing is measured on them.</param>
/// <param name="Test">Items that no calibration and no fit sees.</param>
/// <param name="NoProbe">Why there can be no probe; null where there can.</param>
internal sealed record CalibrationSplit(IReadOnlyList<ImageSource> Calibration, Dataset Fit, Dataset Test, string? NoProbe)
{
    /// <summary>Fewer say nothing of how an activation is spread, and of how embeddings agree.</summary>
    public const int Fewest = 16;

    // Of a data set without test items, the share that is held out.
    private const double TestShare = 0.3;

    public static CalibrationSplit Of(Dataset dataset, QuantizationSettings settings)
    {
        var (rest, test) = HeldOut(dataset, settings);
        ImageSource[] images = [.. Draw([.. rest.Items.SelectMany(item => item.Images)], settings.Images, settings.Seed)];
        test = test with { Items = [.. Draw(test.Items, settings.HeldOutImages, settings.Seed + 2)] };
        var (calibration, held) = (images.Length, test.ImageCount);
        if (calibration < Fewest || held < Fewest)
        {
            throw new DatasetException($"{dataset.Source}: {calibration} images to calibrate on and {held} held out; expected at least {Fewest} of each: "
                + $"give more images, ask for more (at most {settings.Images} and {settings.HeldOutImages} were asked for), or hold out others");
        }

        var none = NoProbeFor(rest, test, settings);
        var fit = none is null ? rest with { Items = [.. Draw(rest.Items, settings.ProbeImages, settings.Seed + 1)] } : rest with { Items = [] };
        return new(images, fit, test, none);
    }

    private static (Dataset Others, Dataset Test) HeldOut(Dataset dataset, QuantizationSettings settings)
    {
        if (settings.HeldOut is { } other)
        {
            var seen = dataset.Items.SelectMany(item => item.Images).ToHashSet();
            return other.Items.SelectMany(item => item.Images).FirstOrDefault(seen.Contains) is { Path: not null } both
                ? throw new DatasetException($"{both.Name}: is among the images to calibrate on and among those held out; expected each in one of {dataset.Source} and {other.Source}")
                : (dataset, other.HasOwnSplits ? other.Of(Split.Test) : other);
        }

        if (dataset.HasOwnSplits)
        {
            return (dataset with { Items = [.. dataset.Items.Where(item => item.Split != Split.Test)] }, dataset.Of(Split.Test));
        }

        if (dataset.Items.Count < 2)
        {
            return (dataset, dataset with { Items = [] });
        }

        // The item of a class of its own cannot be on both sides, and is left out.
        var lonely = dataset.Items.Where(item => item.Label >= 0).CountBy(item => item.Label).Where(pair => pair.Value < 2).Select(pair => pair.Key).ToHashSet();
        return (dataset with { Items = [.. dataset.Items.Where(item => !lonely.Contains(item.Label))] }).Split(TestShare, settings.Seed);
    }

    private static string? NoProbeFor(Dataset rest, Dataset test, QuantizationSettings settings) =>
        settings.ProbeImages == 0 ? "none was asked for"
        : rest.IsRegression || rest.IsMultiLabel ? $"{rest.Source} has {(rest.IsRegression ? "numbers" : "several labels an item")}, not one class an item"
        : rest.Classes.Count < 2 ? $"{rest.Source} has {(rest.Classes.Count == 0 ? "no labels" : "one class")}: expected a sub-folder for each of two classes or more"
        : !rest.Classes.SequenceEqual(test.Classes) ? $"{test.Source} has other classes than {rest.Source}"
        : rest.Items.Concat(test.Items).Any(item => item.Label < 0) ? $"{rest.Source} has items without label"
        : null;

    private static IEnumerable<T> Draw<T>(IReadOnlyList<T> items, int most, int seed) => items.Count <= most
        ? items
        : new SeededRandom(seed).Permutation(items.Count).Take(most).Order().Select(i => items[i]);
}
