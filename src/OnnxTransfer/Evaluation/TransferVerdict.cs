using System.Globalization;

namespace OnnxTransfer.Evaluation;

/// <summary>What a study of transfer comes to, in words.</summary>
internal static class TransferVerdict
{
    /// <summary>A sentence each, what matters most first.</summary>
    public static string[] Of(TransferResult result)
    {
        string[] ways = [.. result.Points.Select(point => point.Way).Distinct()];
        var whole = result.Comparisons.Where(comparison => comparison.Share == result.Whole).ToArray();
        double least = result.Points[0].Share;
        return
        [
            .. whole.Select(comparison => Of(comparison, result)),
            .. whole.Length > 0 && result.At(TransferWay.Scratch) is { Columns.Length: > 0 } scratch && scratch.Interval.Low <= result.Chance ? [Idle(scratch, result)] : Array.Empty<string>(),
            .. result.Comparisons
                .Where(comparison => comparison.Share == least && comparison.Share < result.Whole && comparison.Base == TransferWay.Scratch)
                .Select(comparison => Of(comparison, result)),
            .. result.CatchUps.Select(CatchUp),
            .. result.Savings.Select(reach => Saving(reach, result.At(reach.Target)!.Labels)),
            .. result.Points.Select(point => point.SourceLoss).OfType<ProbeLoss>().Select(Of),
            .. whole.Length == 0 && ways.Length < 2 ? ["one way alone tells nothing of transfer: compare it with another"] : Array.Empty<string>(),
            .. result.Points.Where(point => point.Failure is not null).Select(point => $"{point.Way} failed on {point.Labels} labels: {point.Failure}"),
        ];
    }

    private static string Of(TransferComparison comparison, TransferResult result)
    {
        TransferPoint Point(string way) => result.Points.First(point => point.Way == way && point.Share == comparison.Share);
        bool isTransfer = comparison.Base == TransferWay.Scratch;
        string what = isTransfer ? "transfer" : "fine-tuning";
        string verdict = comparison.Sign switch
        {
            > 0 => $"{what} paid",
            < 0 => isTransfer ? "transfer did not pay: negative transfer" : "fine-tuning did not pay",
            _ => "no difference beyond the noise",
        };
        string rate = double.IsNaN(comparison.Rate)
            ? string.Create(CultureInfo.InvariantCulture, $"no rate, since {comparison.Base}'s {result.MeasureName} is not above 0")
            : string.Create(CultureInfo.InvariantCulture, $"rate {comparison.Rate:f4} (95 %: {comparison.RateInterval})");
        return string.Create(CultureInfo.InvariantCulture,
            $"{verdict}: on {comparison.Labels} labels {comparison.Way} reaches {Point(comparison.Way).Performance:f4} and {comparison.Base} " +
            $"{Point(comparison.Base).Performance:f4} {result.MeasureName}, gain {comparison.Gain:+0.0000;-0.0000;0.0000} (95 %: {comparison.GainInterval}), {rate}");
    }

    // A base that learned nothing flatters everything that is held against it.
    private static string Idle(TransferPoint scratch, TransferResult result) => string.Create(CultureInfo.InvariantCulture,
        $"{scratch.Way} learned nothing that shows: its {result.MeasureName} of {scratch.Performance:f4} (95 %: {scratch.Interval}) is not above the {result.Chance:f4} of one answer to all; " +
        $"gains and rates over it say little of transfer before it is trained longer, on more labels, at another learning rate or with batch norms");

    private static string CatchUp(TransferReach reach)
    {
        string reached = string.Create(CultureInfo.InvariantCulture, $"{reach.Target} at all labels ({reach.Performance:f4})");
        return reach.Bound == TransferBound.MoreThan
            ? $"scratch does not catch up with {reached}: it would take {reach.Count} labels"
            : $"scratch catches up with {reached} with {reach.Count} labels";
    }

    private static string Saving(TransferReach reach, int all)
    {
        string reached = string.Create(CultureInfo.InvariantCulture, $"scratch at all {all} labels ({reach.Performance:f4})");
        return reach.Bound == TransferBound.MoreThan
            ? $"{reach.Way} does not reach {reached}: it would take {reach.Count} labels"
            : string.Create(CultureInfo.InvariantCulture, $"{reach.Way} reaches {reached} with {reach.Count} labels, {100 * reach.Labels / all:0.#} % of them");
    }

    private static string Of(ProbeLoss loss)
    {
        string verdict = loss.PointsInterval.Low > 0 ? "fine-tuning cost the source task" : loss.PointsInterval.High < 0 ? "fine-tuning helped the source task" : "fine-tuning changed the source task by no more than the noise";
        return string.Create(CultureInfo.InvariantCulture,
            $"{verdict}: a linear probe on {loss.FitImages} of its items reaches {loss.Accuracy:f4} with the original backbone and {loss.OtherAccuracy:f4} with the fine-tuned one, " +
            $"a loss of {loss.Points:f2} points (95 %: {loss.PointsInterval.Low:f2} to {loss.PointsInterval.High:f2}) on {loss.TestImages} test items");
    }
}
