using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;
using OnnxTransfer.Tests.Numerics;

namespace OnnxTransfer.Tests.Heads;

public sealed class TemperatureTests
{
    private static readonly System.Text.Json.JsonElement Golden = GoldenFile.Read("Heads", "temperature.json");
    private static readonly int Outputs = Golden.GetProperty("outputs").GetInt32();

    [Theory]
    [InlineData("classes", false)]
    [InlineData("classesWeighted", true)]
    public void Of_classes_is_scipys(string name, bool weighted) =>
        Assert.Equal(Golden.Double(name), Temperature.Fit(Itself(Activation.Softmax), Classes(weighted)), 1e-4);

    [Theory]
    [InlineData("several", false)]
    [InlineData("severalWeighted", true)]
    public void Of_several_labels_is_scipys(string name, bool weighted)
    {
        int[] sets = Golden.Integers("sets");
        var set = Classes(weighted) with
        {
            Labels = [],
            LabelSets = [.. sets.Chunk(Outputs).Select(row => row.Index().Where(p => p.Item == 1).Select(p => p.Index).Reverse().ToArray())],
        };
        Assert.Equal(Golden.Double(name), Temperature.Fit(Itself(Activation.Sigmoid), set), 1e-4);
    }

    [Theory]
    [InlineData(Activation.Softmax)]
    [InlineData(Activation.Sigmoid)]
    public void Applied_to_a_linear_head_it_stays_linear_and_is_the_same_as_on_its_probabilities(Activation activation)
    {
        var head = Itself(activation);
        var linear = Assert.IsType<LinearHead>(Temperature.Apply(head, 2.5));
        Assert.Equal(0.4f, linear.Weights[0]);
        var tempered = new TemperedHead(head, 2.5);
        var rows = Classes(weighted: false).Rows;
        float[] expected = linear.Predict(rows).Values;
        double tolerance = activation == Activation.Softmax ? 2e-6 : 1e-4; // log odds of a float32 near 1 are known to few digits
        Assert.All(expected.Zip(tempered.Predict(rows).Values), pair => Assert.Equal(pair.First, pair.Second, tolerance));
        foreach (int opset in new[] { 7, 13, 21 })
        {
            Assert.All(expected.Zip(ExportedHead.Predict(tempered, rows, opset)), pair => Assert.Equal(pair.First, pair.Second, tolerance));
        }
    }

    [Fact]
    public void A_class_without_votes_keeps_a_small_probability()
    {
        var set = Planted.Classes(30, 2, 3);
        var head = Assert.IsType<TemperedHead>(Temperature.Apply(new NearestNeighbours { Neighbours = 1 }.Fit(set), 4));
        double small = Math.Pow(1e-12, 0.25);
        Assert.Equal([1 / (1 + (2 * small)), small / (1 + (2 * small))], head.Predict(set.Rows)[0].ToArray().Take(2).Select(p => (double)p), (a, b) => Math.Abs(a - b) < 1e-7);
    }

    [Fact]
    public void A_temperature_of_1_changes_nothing()
    {
        var head = Itself(Activation.Softmax);
        Assert.Same(head, Temperature.Apply(head, 1));
    }

    [Fact]
    public void Where_no_row_is_wrong_no_temperature_is_best()
    {
        var set = Classes(weighted: false);
        int[] right = [.. Enumerable.Range(0, set.Count).Select(i => Array.IndexOf(set.Rows[i].ToArray(), set.Rows[i].ToArray().Max()))];
        Assert.Equal(1, Temperature.Fit(Itself(Activation.Softmax), set with { Labels = right }));
        right[3] = (right[3] + 1) % Outputs;
        Assert.InRange(Temperature.Fit(Itself(Activation.Softmax), set with { Labels = right }), 0.1, 0.9);
    }

    [Fact]
    public void Rows_answered_worse_than_by_chance_get_the_highest()
    {
        var set = Classes(weighted: false);
        int[] wrong = [.. Enumerable.Range(0, set.Count).Select(i => Array.IndexOf(set.Rows[i].ToArray(), set.Rows[i].ToArray().Min()))];
        var (temperature, note) = Temperature.Find(Itself(Activation.Softmax), set with { Labels = wrong });
        Assert.Equal(100, temperature, 1e-3);
        Assert.Equal("T = 100 is the highest tried: the validation rows are answered no better than by chance", note);
    }

    [Fact]
    public void What_has_no_temperature_is_refused()
    {
        var values = new LinearHead([1], [0], Activation.Identity, []);
        Assert.Contains("the head predicts values, which have no temperature", Message(() => Temperature.Apply(values, 2)), StringComparison.Ordinal);
        Assert.Contains("the temperature is 0; expected a finite number above 0", Message(() => Temperature.Apply(Itself(Activation.Softmax), 0)), StringComparison.Ordinal);
        var set = Classes(weighted: false);
        Assert.Contains("expected at least one row", Message(() => Temperature.Fit(Itself(Activation.Softmax), set.Subset([]))), StringComparison.Ordinal);
        set.Labels[4] = -1;
        Assert.Contains("for each a label of 0 to 4", Message(() => Temperature.Fit(Itself(Activation.Softmax), set)), StringComparison.Ordinal);
    }

    private static string Message(Action action) => Assert.Throws<ArgumentException>(action).Message;

    // Its logits are the embedding.
    private static LinearHead Itself(Activation activation)
    {
        var weights = new float[Outputs * Outputs];
        for (int c = 0; c < Outputs; c++)
        {
            weights[(c * Outputs) + c] = 1;
        }

        return new LinearHead(weights, new float[Outputs], activation, [.. Enumerable.Range(0, Outputs).Select(c => $"c{c}")]);
    }

    private static EmbeddingSet Classes(bool weighted) => new()
    {
        Rows = new Matrix(Golden.Integers("labels").Length, Outputs, Golden.Floats("logits")),
        Labels = Golden.Integers("labels"),
        Classes = [.. Enumerable.Range(0, Outputs).Select(c => $"c{c}")],
        Weights = weighted ? Golden.Doubles("weights") : [],
    };
}
