using System.Text.Json;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;
using OnnxTransfer.Tests.Numerics;

namespace OnnxTransfer.Tests.Heads;

public sealed class NearestCentroidTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Predicts_scikit_learns_classes(int number)
    {
        var golden = GoldenFile.Read("Heads", "logistic.json");
        JsonElement reference = GoldenFile.Read("Heads", "centroid.json").GetProperty("cases")[number];
        var set = new EmbeddingSet { Rows = new Matrix(500, 20, golden.Floats("x")), Labels = golden.Integers("labels"), Classes = ["a", "b", "c", "d"] };
        var predicted = new NearestCentroid
        {
            Distance = Enum.Parse<Distance>(reference.GetProperty("distance").GetString()!),
            Standardise = reference.GetProperty("standardise").GetBoolean(),
            Temperature = reference.Double("temperature"),
        }.Fit(set).Predict(set.Rows);
        Assert.Equal(reference.Integers("predicted"), Enumerable.Range(0, 500).Select(i => predicted[i].ToArray().Index().MaxBy(p => p.Item).Index));
        Assert.All(reference.Doubles("probabilities").Zip(predicted.Values), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Fact]
    public void The_head_of_euclidean_distances_is_linear() =>
        Assert.IsType<LinearHead>(new NearestCentroid().Fit(Planted.Classes(30, 4, 3)));

    [Theory]
    [InlineData(Distance.Euclidean)]
    [InlineData(Distance.Cosine)]
    public void Probabilities_are_as_sure_as_they_are_right(Distance distance)
    {
        var head = new NearestCentroid { Distance = distance }.Fit(Planted.Classes(600, 10, 4, distance: 0.5));
        var fresh = Planted.Classes(2000, 10, 4, distance: 0.5, seed: 2);
        var probabilities = head.Predict(fresh.Rows);
        double sure = Enumerable.Range(0, 2000).Average(i => probabilities[i].ToArray().Max());
        Assert.Equal(head.Evaluate(fresh).Main, sure, 0.05);
    }

    [Fact]
    public void An_embedding_of_zeros_is_as_near_to_every_class()
    {
        var head = new NearestCentroid { Distance = Distance.Cosine, Standardise = false }.Fit(Planted.Classes(60, 5, 3));
        var zeros = new Matrix(1, 5);
        Assert.All(head.Predict(zeros).Values, value => Assert.Equal(1f / 3, value, 1e-6f));
        Assert.All(ExportedHead.Predict(head, zeros), value => Assert.Equal(1f / 3, value, 1e-6f));
    }

    [Fact]
    public void Rows_of_zeros_are_learned_from_without_a_NaN()
    {
        var set = Planted.Classes(30, 4, 3).With((i, _, value) => i % 3 == 0 ? 0 : value);
        var head = new NearestCentroid { Distance = Distance.Cosine, Standardise = false }.Fit(set);
        Assert.All(head.Predict(set.Rows).Values, value => Assert.True(float.IsFinite(value)));
    }

    [Theory]
    [InlineData(Distance.Euclidean)]
    [InlineData(Distance.Cosine)]
    public void A_thousand_classes_of_one_row_each_are_learned_by_heart(Distance distance)
    {
        var set = Planted.Classes(1000, 40, 1000);
        var head = new NearestCentroid { Distance = distance }.Fit(set);
        Assert.InRange(head.Evaluate(set).Main, 0.99, 1);
    }

    [Fact]
    public void A_class_without_rows_is_never_predicted_and_one_class_refused()
    {
        var set = Planted.Classes(60, 4, 2) with { Classes = ["a", "b", "unseen"] };
        var (head, report) = new NearestCentroid().FitAndReport(set);
        Assert.Equal("class 'unseen' has no rows; it is never predicted", Assert.Single(report.Notes));
        Assert.All(Enumerable.Range(0, 60), i => Assert.Equal(0, head.Predict(set.Rows)[i][2]));
        Assert.Contains("belong to the one class 'b'", Assert.Throws<FitException>(
            () => new NearestCentroid().Fit(set with { Labels = [.. Enumerable.Repeat(1, 60)] })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_number_of_threads_changes_no_bit()
    {
        var set = Planted.Classes(500, 10, 3, distance: 0.5);
        Assert.Equal(new NearestCentroid { Threads = 1 }.Fit(set).Predict(set.Rows).Values, new NearestCentroid { Threads = 3 }.Fit(set).Predict(set.Rows).Values);
    }

    [Fact]
    public void A_temperature_that_makes_no_sense_is_refused() =>
        Assert.Contains("Temperature = -1", Assert.Throws<FitException>(
            () => new NearestCentroid { Temperature = -1 }.Fit(Planted.Classes(10, 2, 2))).Message, StringComparison.Ordinal);
}
