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
