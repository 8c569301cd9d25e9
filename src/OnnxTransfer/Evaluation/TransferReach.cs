using System.Globalization;

namespace OnnxTransfer.Evaluation;

/// <summary>
/// With how many labels a way does as well as another does with all. Given enough labels and time, training from scratch often
/// catches up (He, Girshick and Dollár 2019, "Rethinking ImageNet pre-training"); fine-tuning then has saved labels
/// (Kornblith, Shlens and Le 2019, section 4.7).
/// </summary>
/// <param name="Way">The way whose labels are counted.</param>
/// <param name="Target">The way whose performance with all labels is to be reached.</param>
/// <param name="Performance">That performance.</param>
/// <param name="Labels">
/// Where the way's curve first reaches it: between two measured points performance is taken to be linear in the logarithm of the
/// labels. It is never taken beyond them: see <see cref="Bound"/>.
/// </param>
/// <param name="Bound">Whether it was reached within the measured curve.</param>
public sealed record TransferReach(string Way, string Target, double Performance, double Labels, TransferBound Bound)
{
    /// <summary>"about 1234", "at most 100" or "more than 10000".</summary>
    public string Count => string.Create(CultureInfo.InvariantCulture, $"{Bound switch { TransferBound.AtMost => "at most", TransferBound.MoreThan => "more than", _ => "about" }} {Labels:0}");

    /// <summary>Where <paramref name="curve"/> reaches the performance of <paramref name="target"/>; null where either has none.</summary>
    /// <param name="curve">Points of one way.</param>
    /// <param name="target">A point of another.</param>
    internal static TransferReach? Of(IEnumerable<TransferPoint> curve, TransferPoint? target)
    {
        TransferPoint[] points = [.. curve.Where(point => !double.IsNaN(point.Performance)).OrderBy(point => point.Labels)];
        if (points.Length == 0 || target is null || double.IsNaN(target.Performance))
        {
            return null;
        }

        double aim = target.Performance;
        if (points[0].Performance >= aim)
        {
            return Reach(points[0].Labels, points[0].Performance > aim ? TransferBound.AtMost : TransferBound.Measured);
        }

        for (int i = 1; i < points.Length; i++)
        {
            var (before, after) = (points[i - 1], points[i]);
            if (after.Performance >= aim)
            {
                double part = (aim - before.Performance) / (after.Performance - before.Performance);
                return Reach(before.Labels * Math.Pow((double)after.Labels / before.Labels, part), TransferBound.Measured);
            }
        }

        return Reach(points[^1].Labels, TransferBound.MoreThan);

        TransferReach Reach(double labels, TransferBound bound) => new(points[0].Way, target.Way, aim, labels, bound);
    }
}
