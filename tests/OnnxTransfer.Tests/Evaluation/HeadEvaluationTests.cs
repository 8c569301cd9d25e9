using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;
using OnnxTransfer.Tests.Heads;

namespace OnnxTransfer.Tests.Evaluation;

public sealed class HeadEvaluationTests
{
    [Fact]
    public void The_head_decides_which_scores_there_are()
    {
        var classes = Planted.Classes(60, 3, 2);
        var values = Planted.Values(60, 3);
        Assert.IsType<ClassificationScores>(new LogisticRegression { L2 = 0.1 }.Fit(classes).Evaluate(classes));
        Assert.IsType<RegressionScores>(new RidgeRegression { L2 = 0.1 }.Fit(values).Evaluate(values));
    }

    [Fact]
    public void Labels_intervals_and_several_values_have_scores_of_their_own()
    {
        var plain = Planted.Values(30, 2);
        float[] weights = [1, 0, 0, 1, 1, 1];
        var labels = Assert.IsType<LabelScores>(new LinearHead(weights, new float[3], Activation.Sigmoid, ["a", "b", "c"]).Evaluate(plain with
        {
            Targets = [], Classes = ["a", "b", "c"], LabelSets = [.. Enumerable.Range(0, 30).Select(i => plain.Rows[i][0] > 0 ? new[] { 0 } : [1, 2])],
        }));
        Assert.Equal(1, labels.PerLabel[0].AveragePrecision, 1e-12);

        var interval = new LinearHead(weights[..2].Concat(weights[..2]).Concat(weights[..2]).ToArray(), [-1, 0, 2], Activation.Identity, [], ["low", "value", "high"]);
        double[] targets = [.. Enumerable.Range(0, 30).Select(i => (double)plain.Rows[i][0] + (i < 6 ? 3 : 0))];
        var scores = Assert.IsType<RegressionScores>(interval.Evaluate(plain with { Targets = targets }));
        Assert.Equal(0.8, scores.IntervalCoverage);
        Assert.Equal(3, scores.MeanIntervalWidth!.Value, 1e-6);

        var several = new LinearHead(weights, new float[3], Activation.Identity, [], ["x", "y", "z"]);
        var set = plain with { Targets = [.. several.Predict(plain.Rows).Values.Select(value => (double)value)], TargetNames = ["x", "y", "z"] };
        Assert.Equal(1, Assert.IsType<MultiValueScores>(several.Evaluate(set)).MeanR2, 1e-12);
        Assert.Equal(
            "the set has the targets 'y', 'x', 'z'; the head predicts 'x', 'y', 'z': expected the same names in the same order",
            Assert.Throws<ArgumentException>(() => several.Evaluate(set with { TargetNames = ["y", "x", "z"] })).Message);
        Assert.Contains("the set has 3 targets a row and the head predicts 'low', 'value', 'high'; expected one target and one value", Assert.Throws<ArgumentException>(
            () => interval.Evaluate(set)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_label_a_row_and_several_are_not_confused()
    {
        var set = Planted.Classes(30, 2, 2);
        var several = set with { Labels = [], LabelSets = Array.ConvertAll(set.Labels, label => new[] { label }) };
        Assert.Contains("the set holds several labels a row and the head answers with Classes", Assert.Throws<ArgumentException>(
            () => new LinearHead(new float[4], new float[2], Activation.Softmax, set.Classes).Evaluate(several)).Message, StringComparison.Ordinal);
        Assert.Contains("the set holds one label a row and the head answers with Labels", Assert.Throws<ArgumentException>(
            () => new LinearHead(new float[4], new float[2], Activation.Sigmoid, set.Classes).Evaluate(set)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Classes_in_another_order_are_refused()
    {
        var set = Planted.Classes(60, 3, 2);
        var head = new LogisticRegression { L2 = 0.1 }.Fit(set);
        Assert.Equal(
            "the set has the classes 'class1', 'class0'; the head predicts 'class0', 'class1': expected the same names in the same order",
            Assert.Throws<ArgumentException>(() => head.Evaluate(set with { Classes = ["class1", "class0"] })).Message);
    }

    [Fact]
    public void Heads_and_sets_of_different_kinds_are_refused()
    {
        var classes = Planted.Classes(60, 3, 2);
        var values = Planted.Values(60, 3);
        Assert.Contains("the set has the classes none", Assert.Throws<ArgumentException>(
            () => new LogisticRegression { L2 = 0.1 }.Fit(classes).Evaluate(values)).Message, StringComparison.Ordinal);
        Assert.Contains("the set holds no targets", Assert.Throws<ArgumentException>(
            () => new RidgeRegression { L2 = 0.1 }.Fit(values).Evaluate(classes)).Message, StringComparison.Ordinal);
    }
}
