using OnnxTransfer.Evaluation;
using OnnxTransfer.Tests.Numerics;

namespace OnnxTransfer.Tests.Evaluation;

public sealed class TransferReachTests
{
    [Fact]
    public void Within_the_curve_it_is_interpolated_over_the_logarithm()
    {
        var golden = GoldenFile.Read("Evaluation", "transfer.json").GetProperty("curve");
        var curve = golden.Integers("labels").Zip(golden.Doubles("performance"), (labels, performance) => Point("scratch", labels, performance)).ToArray();
        foreach (var (aim, reached) in golden.Doubles("aims").Zip(golden.Doubles("reached")))
        {
            var found = TransferReach.Of(curve, Point("probe", 10_000, aim))!;
            Assert.Equal(TransferBound.Measured, found.Bound);
            Assert.Equal(1, found.Labels / reached, 1e-9);
            Assert.Equal(("scratch", "probe", aim), (found.Way, found.Target, found.Performance));
        }
    }

    [Fact]
    public void Beyond_the_curve_nothing_is_made_up()
    {
        TransferPoint[] curve = [Point("scratch", 100, 0.3), Point("scratch", 1000, 0.5)];
        Assert.Equal("more than 1000", TransferReach.Of(curve, Point("probe", 1000, 0.51))!.Count);
        Assert.Equal("at most 100", TransferReach.Of(curve, Point("probe", 1000, 0.2))!.Count);
        Assert.Equal("about 316", TransferReach.Of(curve, Point("probe", 1000, 0.4))!.Count);
        Assert.Equal("about 1000", TransferReach.Of(curve, Point("probe", 1000, 0.5))!.Count);
        Assert.Equal("about 100", TransferReach.Of(curve, Point("probe", 1000, 0.3))!.Count);
    }

    [Fact]
    public void A_curve_that_dips_counts_from_where_it_first_arrives()
    {
        TransferPoint[] curve = [Point("scratch", 100, 0.3), Point("scratch", 200, 0.6), Point("scratch", 400, 0.4), Point("scratch", 800, 0.7)];
        Assert.Equal(200, TransferReach.Of(curve, Point("probe", 800, 0.6))!.Labels, 1e-9);
        Assert.InRange(TransferReach.Of(curve, Point("probe", 800, 0.5))!.Labels, 100, 200);
    }

    [Fact]
    public void Failed_points_are_passed_over_and_too_few_tell_nothing()
    {
        TransferPoint[] curve = [Point("scratch", 100, 0.2), Point("scratch", 1000, double.NaN), Point("scratch", 10_000, 0.4)];
        Assert.Equal(1000, TransferReach.Of(curve, Point("probe", 10_000, 0.3))!.Labels, 1e-6);
        Assert.Null(TransferReach.Of([Point("scratch", 100, double.NaN)], Point("probe", 100, 0.3)));
        Assert.Null(TransferReach.Of(curve, Point("probe", 100, double.NaN)));
        Assert.Null(TransferReach.Of(curve, null));
    }

    [Fact]
    public void Shares_that_come_to_the_same_labels_do_no_harm()
    {
        TransferPoint[] curve = [Point("scratch", 10, 0.2), Point("scratch", 10, 0.2), Point("scratch", 100, 0.4)];
        Assert.Equal(Math.Sqrt(1000), TransferReach.Of(curve, Point("probe", 100, 0.3))!.Labels, 1e-9);
    }

    private static TransferPoint Point(string way, int labels, double performance) => new()
    {
        Way = way, Share = labels / 10_000.0, Labels = labels, Performance = performance, Interval = default, Seconds = 1,
    };
}
