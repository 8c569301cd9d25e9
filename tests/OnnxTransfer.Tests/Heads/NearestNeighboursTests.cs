using System.Text.Json;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;
using OnnxTransfer.Inference;
using OnnxTransfer.Numerics;
using OnnxTransfer.Tests.Numerics;

namespace OnnxTransfer.Tests.Heads;

public sealed class NearestNeighboursTests
{
    private static readonly JsonElement Golden = GoldenFile.Read("Heads", "knn.json");

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)] // exact hits alone
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)] // all rows
    public void Answers_as_scikit_learn(int number)
    {
        var reference = Golden.GetProperty("cases")[number];
        var trainer = new NearestNeighbours
        {
            Neighbours = reference.GetProperty("k").GetInt32(),
            Distance = reference.GetProperty("distance").GetString() == "cosine" ? Distance.Cosine : Distance.Euclidean,
            Weighting = reference.GetProperty("weighting").GetString() == "distance" ? Weighting.InverseDistance : Weighting.Uniform,
        };
        Same(reference.Doubles("probabilities"), trainer.Fit(Classes()));
        Same(reference.Doubles("values"), trainer.Fit(Values(["a", "b"], Golden.Doubles("targets"))));
        Same(reference.Doubles("geometric"), (trainer with { LogTarget = true }).Fit(Values([], [.. Golden.Doubles("targets").Where((_, i) => i % 2 == 1)])));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Weighs_cosines_as_in_self_supervised_learning(int number)
    {
        var reference = Golden.GetProperty("softmax")[number];
        Same(reference.Doubles("probabilities"), new NearestNeighbours
        {
            Neighbours = reference.GetProperty("k").GetInt32(),
            Distance = Distance.Cosine,
            Weighting = Weighting.Softmax,
            SoftmaxTemperature = reference.Double("temperature"),
        }.Fit(Classes()));
    }

    [Fact]
    public void Several_values_bear_the_names_of_their_targets()
    {
        var head = new NearestNeighbours { Neighbours = 2 }.Fit(Values(["a", "b"], Golden.Doubles("targets")));
        Assert.Equal((HeadTask.Values, 2), (head.Task, head.Outputs));
        Assert.Equal(["a", "b"], head.ValueNames);
    }

    [Fact]
    public void A_row_votes_as_far_as_there_is_room_for_its_weight()
    {
        var set = Line([0, 1, 2, 3], [0, 1, 1, 0]) with { Weights = [0.5, 1, 0.25, 9] };
        var head = new NearestNeighbours { Neighbours = 2 }.Fit(set);
        float[] answer = new float[2];
        head.Predict([0], answer);
        Assert.Equal([0.375f, 0.625f], answer); // 0.5 + 1 + 0.25 leave room for 0.25 of the last
        head.Predict([9], answer);
        Assert.Equal([1f, 0f], answer);
        Assert.Equal(head.Predict(set.Rows).Values, ExportedHead.Predict(head, set.Rows), (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void Rows_equally_near_are_taken_in_their_order()
    {
        var set = Line([5, 1, 1, 1, 1, 9], [0, 2, 1, 0, 1, 0]);
        foreach (var distance in new[] { Distance.Euclidean, Distance.Cosine })
        {
            var trainer = new NearestNeighbours { Distance = distance };
            int first = distance == Distance.Cosine ? 0 : 2; // in one dimension all cosines are 1
            var head = (trainer with { Neighbours = 1 }).Fit(set);
            Assert.Equal(1, head.Predict(new Matrix(1, 1, [1]))[0][first]);
            Assert.Equal(1, ExportedHead.Predict(head, new Matrix(1, 1, [1]))[first]);
            head = (trainer with { Neighbours = 2 }).Fit(set);
            Assert.Equal(head.Predict(set.Rows).Values, ExportedHead.Predict(head, set.Rows));
        }
    }

    [Fact]
    public void More_neighbours_than_rows_are_all_rows_and_it_is_said()
    {
        var (head, report) = new NearestNeighbours { Neighbours = 9 }.FitAndReport(Line([1, 2, 3, 4], [0, 1, 1, 1]));
        Assert.Equal([0.25f, 0.75f], head.Predict(new Matrix(1, 1, [100])).Values);
        Assert.Equal([0.25f, 0.75f], ExportedHead.Predict(head, new Matrix(1, 1, [100])));
        Assert.Equal("all rows together weigh 4, less than 9 neighbours: every row takes part in every answer", Assert.Single(report.Notes));
    }

    [Fact]
    public void Their_number_is_chosen_by_the_log_loss_of_validation_rows()
    {
        var set = Planted.Classes(150, 3, 3, distance: 0.6);
        Array.Fill(set.Splits, Split.Validation, 90, 60);
        var report = new NearestNeighbours().FitAndReport(set).Report;
        Assert.Equal("neighbours chosen on 60 validation rows; the final fit uses all rows", report.Notes[0]);
        Assert.Equal([1, 3, 5, 10, 20, 50], report.Path.Select(trial => trial.Setting.Value)); // 100 are more than there are
        var best = report.Path.MinBy(trial => trial.Score)!;
        Assert.Equal(best.Setting, report.Chosen);
        foreach (var trial in report.Path)
        {
            var head = new NearestNeighbours { Neighbours = (int)trial.Setting.Value }.Fit(set.Subset([.. Enumerable.Range(0, 90)]));
            Assert.Equal(head.EvaluateClasses(set.Of(Split.Validation)).LogLoss, trial.Score, 1e-6);
        }
    }

    [Fact]
    public void Or_by_their_squared_error()
    {
        var set = Planted.Values(120, 2, noise: 0.5);
        Array.Fill(set.Splits, Split.Validation, 80, 40);
        foreach (var trial in new NearestNeighbours().FitAndReport(set).Report.Path)
        {
            var head = new NearestNeighbours { Neighbours = (int)trial.Setting.Value }.Fit(set.Subset([.. Enumerable.Range(0, 80)]));
            Assert.Equal(Math.Pow(head.EvaluateValues(set.Of(Split.Validation)).RootMeanSquaredError, 2), trial.Score, 1e-4);
        }
    }

    [Fact]
    public void Where_nothing_can_be_held_out_the_fallback_is_taken()
    {
        var (head, report) = new NearestNeighbours().FitAndReport(Line([1, 2], [0, 1]));
        Assert.Equal(5, head.Neighbours);
        Assert.Equal(
            "no neighbours could be chosen: holding rows out would leave a class without any; neighbours = 5 was taken (NeighbourSearch.Fallback)",
            report.Notes[0]);
    }

    [Fact]
    public void Every_label_is_voted_on_by_itself()
    {
        var set = Line([0, 1, 2, 3, 4, 5], [0, 0, 0, 0, 0, 0]) with { Labels = [], LabelSets = [[0], [0, 1], [], [1], [1], []], Classes = ["x", "y", "never"] };
        var (head, report) = new NearestNeighbours { Neighbours = 2 }.FitAndReport(set);
        Assert.Equal(HeadTask.Labels, head.Task);
        Assert.Equal([1, 0.5f, 0], head.Predict(new Matrix(1, 1, [0.4f])).Values);
        Assert.Equal("label 'never' has no rows; it is never predicted", Assert.Single(report.Notes));
        Assert.Equal(head.Predict(set.Rows).Values, ExportedHead.Predict(head, set.Rows));
        Assert.NotEmpty(new NearestNeighbours().FitAndReport(set).Report.Path);
    }

    [Fact]
    public void An_embedding_that_is_not_finite_is_answered_by_NaN()
    {
        var head = new NearestNeighbours { Neighbours = 1 }.Fit(Line([1, 2], [0, 1]));
        Assert.Equal([float.NaN, float.NaN, 0, 1], head.Predict(new Matrix(2, 1, [float.NaN, 3])).Values);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(13)]
    public void A_model_of_several_tensors_of_rows_answers_the_same(int opset)
    {
        var set = Classes();
        foreach (var distance in new[] { Distance.Euclidean, Distance.Cosine })
        {
            var head = new NearestNeighbours { Neighbours = 7, Distance = distance, Weighting = Weighting.InverseDistance }.Fit(set);
            var graph = head.Graph(opset) with { PartBytes = 25 * sizeof(float) * set.Width }; // 25, 25, 25 and 15 rows
            using var session = OnnxSession.Open(graph.Build(), new SessionSettings { Provider = ExecutionProvider.Cpu });
            var inputs = new Dictionary<string, TensorValue> { [IHead.EmbeddingName] = TensorValue.Of(Golden.Floats("x"), set.Count, set.Width) };
            float[] exported = session.Run(inputs)[IHead.ProbabilitiesName].Floats;
            Assert.Equal(head.Predict(set.Rows).Values, exported, (a, b) => Math.Abs(a - b) < 1e-6);
        }
    }

    [Fact]
    public void Rows_too_long_for_a_model_are_named()
    {
        var head = new NearestNeighbours { Neighbours = 1 }.Fit(Line([1, 1e20f, 2e20f], [0, 1, 0]));
        Assert.Equal([0, 1f], head.Predict(new Matrix(1, 1, [1.2e20f])).Values);
        Assert.Equal(
            "the embedding of row 1 is longer than 1.8e19, and its square no float32, in which an ONNX model ranks the rows; expected shorter ones: scale the columns",
            Assert.Throws<FitException>(() => head.ToOnnx()).Message);
    }

    [Fact]
    public void Settings_that_do_not_fit_are_refused()
    {
        var set = Line([1, 2, 3], [0, 1, 1]);
        Assert.Equal(
            "Neighbours = 0, SoftmaxTemperature = 0.07, Threads = 0; expected Neighbours of at least 1, or null to have their number chosen, " +
            "SoftmaxTemperature above 0, Threads of at least 0", Message(new NearestNeighbours { Neighbours = 0 }, set));
        Assert.Equal(
            "Weighting.Softmax weighs cosines, and Distance is Euclidean; expected Distance.Cosine with it",
            Message(new NearestNeighbours { Weighting = Weighting.Softmax }, set));
        Assert.Equal(
            "LogTarget is set, and the set holds no targets; expected a number per row, or LogTarget left out",
            Message(new NearestNeighbours { LogTarget = true }, set));
        Assert.Contains("NeighbourSearch over 3, 1 with", Message(new NearestNeighbours { Search = new() { Values = [3, 1] } }, set), StringComparison.Ordinal);
    }

    // Managed and exported answers to the golden queries.
    private static void Same(double[] expected, NeighbourHead head)
    {
        var queries = new Matrix(Golden.Floats("queries").Length / head.Width, head.Width, Golden.Floats("queries"));
        foreach (float[] found in new[] { head.Predict(queries).Values, ExportedHead.Predict(head, queries) })
        {
            Assert.Equal(expected.Length, found.Length);
            Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 1e-6 * Math.Max(1, Math.Abs(pair.First))));
        }
    }

    private static EmbeddingSet Classes() => new()
    {
        Rows = Rows(),
        Labels = Golden.Integers("labels"),
        Classes = ["a", "b", "c", "d"],
    };

    private static EmbeddingSet Values(string[] names, double[] targets) => new() { Rows = Rows(), Targets = targets, TargetNames = names };

    private static Matrix Rows() => new(Golden.Integers("labels").Length, Golden.GetProperty("width").GetInt32(), Golden.Floats("x"));

    private static EmbeddingSet Line(float[] places, int[] labels) => new()
    {
        Rows = new Matrix(places.Length, 1, places),
        Labels = labels,
        Classes = [.. Enumerable.Range(0, labels.Max() + 1).Select(c => $"class{c}")],
        Splits = new Split[places.Length],
    };

    private static string Message(NearestNeighbours trainer, EmbeddingSet set) => Assert.Throws<FitException>(() => trainer.Fit(set)).Message;
}
