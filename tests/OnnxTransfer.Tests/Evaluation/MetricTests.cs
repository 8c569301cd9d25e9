using OnnxTransfer.Evaluation;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Tests.Evaluation;

public sealed class MetricTests
{
    // Every row has one label of two; the labels of the last row are told the wrong way round.
    private static readonly LabelScores Labels = LabelScores.Of(
        new Matrix(3, 2, [0.9f, 0.2f, 0.1f, 0.8f, 0.7f, 0.3f]), [[0], [1], [1]], ["a", "b"]);

    private static readonly MultiValueScores Values = MultiValueScores.Of(new Matrix(3, 2, [1, 5, 2, 5, 3, 5]), [1, 4, 2, 5, 3, 6], ["a", "b"]);

    [Fact]
    public void Every_main_score_is_a_metric_by_name()
    {
        Assert.Equal(Labels.Main, Metric.ByName("mean-average-precision").Of(Labels));
        Assert.Equal(Values.Main, Metric.ByName("mean-r2").Of(Values));
    }

    [Theory]
    [InlineData("mean-average-precision", 1)]
    [InlineData("macro-f1", 2.0 / 3)]
    [InlineData("micro-f1", 2.0 / 3)]
    public void Labels_are_compared_by_their_figures(string name, double expected) => Assert.Equal(expected, Metric.ByName(name).Of(Labels), 1e-12);

    [Fact]
    public void Several_values_are_compared_by_the_mean_of_their_R2() => Assert.Equal(0.5, Metric.ByName("mean-r2").Of(Values), 1e-12);

    [Fact]
    public void What_other_scores_do_not_have_is_not_a_number()
    {
        Assert.Equal(
            ["macro-f1", "mean-average-precision", "micro-f1"],
            Metric.All.Where(metric => !double.IsNaN(metric.Of(Labels))).Select(metric => metric.Name));
        Assert.Equal(["mean-r2"], Metric.All.Where(metric => !double.IsNaN(metric.Of(Values))).Select(metric => metric.Name));
    }
}
