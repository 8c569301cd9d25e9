using System.Text.Json;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;
using OnnxTransfer.Tests.Numerics;

namespace OnnxTransfer.Tests.Heads;

public sealed class LinearDiscriminantTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)] // fewer rows than columns
    [InlineData(6)]
    [InlineData(7)]
    public void Finds_scikit_learns_coefficients(int number)
    {
        JsonElement reference = GoldenFile.Read("Heads", "discriminant.json").GetProperty("cases")[number];
        int rows = reference.GetProperty("rows").GetInt32();
        var set = new EmbeddingSet
        {
            Rows = new Matrix(rows, 20, GoldenFile.Read("Heads", "logistic.json").Floats("x")[..(rows * 20)]),
            Labels = reference.Integers("labels"),
            Classes = ["a", "b", "c", "d"],
        };
        JsonElement shrinkage = reference.GetProperty("shrinkage"), priors = reference.GetProperty("priors");
        var head = new LinearDiscriminant
        {
            Shrinkage = shrinkage.ValueKind == JsonValueKind.Null ? null : shrinkage.GetDouble(),
            Priors = priors.ValueKind == JsonValueKind.Null ? null : reference.Doubles("priors"),
            Standardise = reference.GetProperty("standardise").GetBoolean(),
        }.Fit(set);
        float[] probabilities = head.Predict(set.Rows).Values;
        Assert.All(reference.Doubles("probabilities").Zip(probabilities), pair => Assert.Equal(pair.First, pair.Second, 1e-5));

        // scikit-learn's weights bear one vector more that all classes share and that softmax does not see
        double[] expected = Centred(reference.Doubles("coefficients")), found = Centred(Array.ConvertAll(head.Weights, value => (double)value));
        double tolerance = 1e-5 * expected.Max(Math.Abs);
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, tolerance));
        expected = Centred(reference.Doubles("intercepts"));
        Assert.All(expected.Zip(Centred(Array.ConvertAll(head.Bias, value => (double)value))), pair => Assert.Equal(pair.First, pair.Second, 1e-4 * Math.Max(1, Math.Abs(pair.First))));
    }

    [Fact]
    public void Fewer_rows_than_columns_want_shrinkage()
    {
        var set = Planted.Classes(12, 30, 3);
        Assert.InRange(new LinearDiscriminant().Fit(set).Evaluate(set).Main, 1, 1);
        Assert.StartsWith(
            "the covariance within the classes is singular at Shrinkage = 0: there are fewer rows than columns",
            Refusal(new LinearDiscriminant { Shrinkage = 0 }, set), StringComparison.Ordinal);
    }

    [Fact]
    public void Classes_of_one_row_each_have_no_covariance_and_it_is_said() =>
        Assert.Equal(
            "each of the 1000 classes that have rows has one only, so that nothing tells how the rows of a class differ; " +
            "expected two rows of one class at least, or a head that needs no covariance, such as NearestCentroid",
            Refusal(new LinearDiscriminant(), Planted.Classes(1000, 40, 1000)));

    [Fact]
    public void A_class_of_one_row_among_others_is_learned()
    {
        var set = Planted.Classes(40, 4, 2) with { Classes = ["a", "b", "rare"] };
        set.Labels[7] = 2;
        var head = new LinearDiscriminant().Fit(set);
        Assert.All(head.Predict(set.Rows).Values, value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void A_class_without_rows_is_never_predicted_and_one_class_refused()
    {
        var set = Planted.Classes(60, 4, 2) with { Classes = ["a", "b", "unseen"] };
        var (head, report) = new LinearDiscriminant().FitAndReport(set);
        Assert.Equal("class 'unseen' has no rows; it is never predicted", Assert.Single(report.Notes));
        Assert.All(Enumerable.Range(0, 60), i => Assert.Equal(0, head.Predict(set.Rows)[i][2]));
        Assert.Contains("belong to the one class 'b'", Refusal(new LinearDiscriminant(), set with { Labels = [.. Enumerable.Repeat(1, 60)] }), StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_of_any_unit_give_the_same_head()
    {
        var set = Planted.Classes(90, 8, 3, distance: 0.5);
        var halves = new LinearDiscriminant().Fit(set with { Weights = [.. Enumerable.Repeat(0.01, 90)] });
        Assert.Equal(new LinearDiscriminant().Fit(set).Weights, halves.Weights, (a, b) => Math.Abs(a - b) < 1e-5);
    }

    [Fact]
    public void The_number_of_threads_changes_no_bit()
    {
        var set = Planted.Classes(700, 70, 4, distance: 0.3);
        Assert.Equal(new LinearDiscriminant { Threads = 1 }.Fit(set).Weights, new LinearDiscriminant { Threads = 3 }.Fit(set).Weights);
    }

    [Fact]
    public void Settings_that_make_no_sense_are_refused()
    {
        var set = Planted.Classes(10, 2, 2);
        Assert.Equal("Shrinkage = 1.5; expected 0 to 1, or null to have it estimated", Refusal(new LinearDiscriminant { Shrinkage = 1.5 }, set));
        Assert.Equal(
            "3 Priors (0.5, 0.25, 0.25) for 2 classes; expected a number above 0 for each class, in their order",
            Refusal(new LinearDiscriminant { Priors = [0.5, 0.25, 0.25] }, set));
    }

    private static string Refusal(LinearDiscriminant trainer, EmbeddingSet set) => Assert.Throws<FitException>(() => trainer.Fit(set)).Message;

    // Four classes' values less their mean over the classes.
    private static double[] Centred(double[] values)
    {
        int width = values.Length / 4;
        return [.. values.Select((value, i) => value - Enumerable.Range(0, 4).Average(c => values[(c * width) + (i % width)]))];
    }
}
