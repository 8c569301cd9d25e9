using System.Globalization;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Tests.Heads;

/// <summary>
/// Every trainer on every kind of bad input: it answers with finite predictions, or with a <see cref="FitException"/> that
/// names what was found. A new trainer is a line in <see cref="Trainers"/>.
/// </summary>
public sealed class BadInputMatrix
{
    // By name: as it comes, and with the weakest penalty it takes (the same where it has none).
    private static readonly Dictionary<string, (Answers Answers, IHeadTrainer Plain, IHeadTrainer Weakest)> Trainers = new()
    {
        ["logistic"] = (Answers.Class, new LogisticRegression(), new LogisticRegression { L2 = 0, MaxIterations = 200 }),
        ["logistic of labels"] = (Answers.Labels, new LogisticRegression(), new LogisticRegression { L2 = 0, MaxIterations = 200 }),
        ["svm"] = (Answers.Class, new LinearSvm(), new LinearSvm { L2 = 0, MaxIterations = 200 }),
        ["svm of labels"] = (Answers.Labels, new LinearSvm(), new LinearSvm { L2 = 0, MaxIterations = 200 }),
        ["ridge"] = (Answers.Value, new RidgeRegression(), new RidgeRegression { L2 = 0 }),
        ["ridge of two values"] = (Answers.TwoValues, new RidgeRegression(), new RidgeRegression { L2 = 0 }),
        ["ridge of logarithms"] = (Answers.Value, new RidgeRegression { LogTarget = true }, new RidgeRegression { LogTarget = true, L2 = 0 }),
        ["huber"] = (Answers.Value, new HuberRegression(), new HuberRegression { L2 = 0 }),
        ["huber of logarithms"] = (Answers.Value, new HuberRegression { LogTarget = true }, new HuberRegression { LogTarget = true, L2 = 0 }),
        ["quantiles"] = (Answers.Value, new QuantileRegression(), new QuantileRegression { L2 = 0 }),
        ["quantiles of logarithms"] = (Answers.Value, new QuantileRegression { LogTarget = true }, new QuantileRegression { LogTarget = true, L2 = 0 }),
        ["neighbours"] = (Answers.Class, new NearestNeighbours(), new NearestNeighbours { Neighbours = 1 }),
        ["neighbours by cosine"] = (
            Answers.Class, new NearestNeighbours { Distance = Distance.Cosine, Weighting = Weighting.InverseDistance },
            new NearestNeighbours { Distance = Distance.Cosine, Neighbours = 1 }),
        ["neighbours of labels"] = (Answers.Labels, new NearestNeighbours(), new NearestNeighbours { Neighbours = 1 }),
        ["neighbours of values"] = (Answers.Value, new NearestNeighbours(), new NearestNeighbours { Neighbours = 1 }),
        ["neighbours of two values"] = (Answers.TwoValues, new NearestNeighbours { Weighting = Weighting.InverseDistance }, new NearestNeighbours { Neighbours = 1 }),
        ["centroids"] = (Answers.Class, new NearestCentroid(), new NearestCentroid { Temperature = 1e-3 }),
        ["centroids by cosine"] = (
            Answers.Class, new NearestCentroid { Distance = Distance.Cosine }, new NearestCentroid { Distance = Distance.Cosine, Temperature = 1e-3 }),
        ["discriminant"] = (Answers.Class, new LinearDiscriminant(), new LinearDiscriminant { Shrinkage = 0 }),
        ["perceptron"] = (Answers.Class, Perceptron, Perceptron with { WeightDecay = 0, Epochs = 2 }),
        ["perceptron of labels"] = (Answers.Labels, Perceptron, Perceptron with { WeightDecay = 0, Epochs = 2 }),
        ["perceptron of values"] = (Answers.Value, Perceptron, Perceptron with { WeightDecay = 0, Epochs = 2 }),
        ["perceptron of two values"] = (Answers.TwoValues, Perceptron with { HuberDelta = 1 }, Perceptron with { WeightDecay = 0, Epochs = 2 }),
        ["calibrated logistic"] = (
            Answers.Class, new CalibratedTrainer(new LogisticRegression()), new CalibratedTrainer(new LogisticRegression { L2 = 0, MaxIterations = 200 })),
        ["calibrated neighbours"] = (Answers.Class, new CalibratedTrainer(new NearestNeighbours()), new CalibratedTrainer(new NearestNeighbours { Neighbours = 1 })),
        ["calibrated discriminant"] = (Answers.Class, new CalibratedTrainer(new LinearDiscriminant()), new CalibratedTrainer(new LinearDiscriminant { Shrinkage = 0 })),
        ["balanced logistic"] = (
            Answers.Class, new RebalancedTrainer(new LogisticRegression(), Rebalancing.Balanced),
            new RebalancedTrainer(new LogisticRegression { L2 = 0, MaxIterations = 200 }, Rebalancing.Balanced)),
        ["over-sampled logistic"] = (
            Answers.Class, new RebalancedTrainer(new LogisticRegression(), new Rebalancing { Method = RebalancingMethod.OverSampling }),
            new RebalancedTrainer(new LogisticRegression { L2 = 0, MaxIterations = 200 }, new Rebalancing { Method = RebalancingMethod.OverSampling })),
        ["logistic mixed with itself"] = (
            Answers.Class, new MixedWithItself(new LogisticRegression()), new MixedWithItself(new LogisticRegression { L2 = 0, MaxIterations = 200 })),
        ["ridge mixed with itself"] = (Answers.Value, new MixedWithItself(new RidgeRegression()), new MixedWithItself(new RidgeRegression { L2 = 0 })),
    };

    // What the message says was found, its parts with "..." between; null: there must be an answer; "?": there may be either,
    // and the message holds a cure after a semicolon.
    private static readonly Dictionary<string, (Func<bool, EmbeddingSet> Set, bool Weakest, string? Error)> Inputs = new()
    {
        ["fewer rows than columns"] = (values => Set(values, 12, 40), false, null),
        ["fewer rows than columns, weakest penalty"] = (values => Set(values, 12, 40), true, "?"),
        ["a constant column"] = (values => Set(values, 60, 5).With((_, j, value) => j == 2 ? 7 : value), false, null),
        ["a constant column, weakest penalty"] = (values => Set(values, 60, 5).With((_, j, value) => j == 2 ? 7 : value), true, "?"),
        ["all columns constant"] = (values => Set(values, 30, 4).With((_, j, _) => j + 0.5), false, null),
        ["all columns 0"] = (values => Set(values, 30, 4).With((_, _, _) => 0), false, null),
        ["columns of huge and of tiny numbers"] = (values => Set(values, 60, 4).With((_, j, value) => value * (j == 0 ? 1e30 : j == 1 ? 1e-30 : 1)), false, "?"),
        ["equal rows, different answers"] = (values => Set(values, 40, 4).With((_, j, _) => j == 0 ? 1 : 2), false, null),
        ["pairs of equal rows, different answers"] = (values => Pairs(Set(values, 40, 4)), false, null),
        ["one class in the fit"] = (values => Only(Set(values, 20, 3), 1), false, "class1"),
        ["one class beside the validation rows"] = (values => OneClassBesideValidation(Set(values, 30, 3)), false, null),
        ["a class missing in validation"] = (values => Validation(Set(values, 40, 3), i => i % 3 == 0 && i > 10), false, null),
        ["a class in validation alone"] = (values => Validation(Set(values, 40, 3), i => i % 3 == 2), false, null),
        ["one validation row"] = (values => Validation(Set(values, 40, 3), i => i == 4), false, null),
        ["all rows validation"] = (values => Validation(Set(values, 40, 3), _ => true), false, null),
        ["separable, weakest penalty"] = (values => Set(values, 60, 8, distance: 30), true, "?"),
        ["a NaN in an embedding"] = (values => Set(values, 20, 4).With((i, j, value) => i == 7 && j == 3 ? double.NaN : value), false, "row 7 (image7.png) holds a NaN or infinite value"),
        ["an infinite embedding"] = (values => Set(values, 20, 4).With((i, _, value) => i == 9 ? double.PositiveInfinity : value), false, "row 9 (image9.png) holds a NaN or infinite value"),
        ["targets of 1e12"] = (values => Targets(values, i => 1e12 + (1e9 * i)), false, null),
        ["targets of 1e300"] = (values => Targets(values, i => i < 4 ? 2 : 1e300), false, "row 4 (image4.png) has the target 1E+300...; expected at most 3.4e+38 either way"),
        ["all targets equal"] = (values => Targets(values, _ => 5), false, null),
        ["a negative target"] = (values => Targets(values, i => i == 3 ? -4 : i + 1), false, "row 3 (image3.png) has the target -4"),
        ["a target that is not a number"] = (values => Targets(values, i => i == 3 ? double.NaN : i + 1), false, "row 3 (image3.png) has the target NaN"),
        ["1,000 classes of a row each"] = (values => values ? Set(values, 100, 3) : Planted.Classes(1000, 4, 1000), false, null),
        ["all weights 0"] = (values => Set(values, 20, 3) with { Weights = new double[20] }, false, "all 20 rows have the weight 0"),
        ["weights of 1e300 and 1e-300"] = (values => Set(values, 40, 3) with { Weights = [.. Enumerable.Range(0, 40).Select(i => i % 2 == 0 ? 1e300 : 1e-300)] }, false, null),
        ["weights of 1e308"] = (values => Set(values, 20, 3) with { Weights = [.. Enumerable.Repeat(1e308, 20)] }, false, null),
        ["a row"] = (values => Set(values, 1, 3), false, "?"),
        ["two rows"] = (values => Set(values, 2, 3), false, null),
        ["a group only"] = (values => Set(values, 20, 3) with { Groups = [.. Enumerable.Repeat("one", 20)] }, false, null),
        ["no rows"] = (values => Set(values, 5, 3).Subset([]), false, "there are no rows to fit on"),
    };

    public static TheoryData<string, string> Cases()
    {
        var cases = new TheoryData<string, string>();
        foreach (string trainer in Trainers.Keys)
        {
            foreach (string input in Inputs.Keys)
            {
                cases.Add(trainer, input);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_clear_answer_or_a_clear_error(string name, string input)
    {
        var (answers, plain, weakest) = Trainers[name];
        var (make, isWeakest, expected) = Inputs[input];
        var set = Recast(make(IsOfValues(answers)), answers);
        expected = !Applies(name, input, answers) ? null : expected ?? Unanswerable(plain, input);
        float[] predictions;
        try
        {
            var head = (isWeakest ? weakest : plain).Fit(set);
            predictions = head.Predict(set.Rows).Values;
            foreach (float value in ExportedHead.Predict(head, set.Rows))
            {
                Assert.True(float.IsFinite(value), $"{name} on {input}: the exported head predicts {value}");
            }
        }
        catch (FitException error)
        {
            Assert.True(expected is not null, $"{name} on {input}: {error.Message}");
            Assert.All(
                (expected == "?" ? "; " : expected)!.Split("..."), part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
            return;
        }

        Assert.True(expected is null or "?", $"{name} on {input}: an answer, but expected an error with '{expected}'");
        Assert.All(predictions, value => Assert.True(float.IsFinite(value), $"{name} on {input}: a prediction is {value.ToString(CultureInfo.InvariantCulture)}"));
    }

    [Theory]
    [InlineData(1e-300)]
    [InlineData(1e300)]
    public void Only_the_proportions_of_weights_matter(double unit)
    {
        // Of neighbours a row of weight 2 is two, and how many are wanted is a number of its own.
        foreach (var (name, (answers, plain, _)) in Trainers.Where(trainer => trainer.Value.Plain.Kind != "knn"))
        {
            double[] weights = [.. Enumerable.Range(0, 40).Select(i => 1.0 + (i % 3))];
            var set = Recast(Set(IsOfValues(answers), 40, 3), answers) with { Weights = weights };
            float[] expected = plain.Fit(set).Predict(set.Rows).Values;
            float[] found = plain.Fit(set with { Weights = Array.ConvertAll(weights, weight => unit * weight) }).Predict(set.Rows).Values;
            Assert.All(expected.Zip(found), pair => Assert.True(Math.Abs(pair.First - pair.Second) < 1e-3, $"{name}: {pair}"));
        }
    }

    private static MultilayerPerceptron Perceptron => new()
    {
        Hidden = [8], Threads = 1, Search = new EpochSearch { Maximum = 3, Patience = 2, Fallback = 2 },
    };

    private static bool IsOfValues(Answers answers) => answers is Answers.Value or Answers.TwoValues;

    // Targets are no fault to a classifier, nor one class to a regression, nor a negative target to what takes no logarithm;
    // of several labels every second row has one more.
    private static bool Applies(string name, string input, Answers answers) => input switch
    {
        "one class in the fit" => answers == Answers.Class,
        "a negative target" => name.Contains("logarithms", StringComparison.Ordinal),
        "targets of 1e300" or "a target that is not a number" => IsOfValues(answers),
        _ => true,
    };

    // No covariance within classes of one row each.
    private static string? Unanswerable(IHeadTrainer trainer, string input) =>
        trainer.Kind == "lda" && input is "two rows" or "1,000 classes of a row each"
            ? "has one only...; expected two rows of one class at least" : null;

    // The same rows with the answers a trainer learns: every second row has the next label too; the second target is half the first.
    private static EmbeddingSet Recast(EmbeddingSet set, Answers answers) => answers switch
    {
        Answers.Labels => set with
        {
            Labels = [],
            LabelSets = [.. set.Labels.Select((label, i) => i % 2 == 0 ? [label] : new[] { label, (label + 1) % set.Classes.Count })],
        },
        Answers.TwoValues => set with { Targets = [.. set.Targets.SelectMany(target => new[] { target, target / 2 })], TargetNames = ["whole", "half"] },
        _ => set,
    };

    private static EmbeddingSet Set(bool values, int rows, int width, double distance = 1) => !values
        ? Planted.Classes(rows, width, 3, distance)
        : Planted.Values(rows, width, noise: distance > 1 ? 0 : 0.1) is var set ? set with { Targets = Array.ConvertAll(set.Targets, target => Math.Exp(target / 10)) } : null!;

    private static EmbeddingSet Targets(bool values, Func<int, double> target) => !values
        ? Set(values, 30, 3)
        : Set(values, 30, 3) with { Targets = [.. Enumerable.Range(0, 30).Select(target)] };

    // Row 2i + 1 has the embedding of row 2i.
    private static EmbeddingSet Pairs(EmbeddingSet set)
    {
        var rows = set.Subset([.. Enumerable.Range(0, set.Count).Select(i => i / 2 * 2)]).Rows;
        return set with { Rows = rows };
    }

    private static EmbeddingSet Only(EmbeddingSet set, int label) => set.IsRegression ? set : set with { Labels = [.. Enumerable.Repeat(label, set.Count)] };

    private static EmbeddingSet OneClassBesideValidation(EmbeddingSet set) => Validation(set, i => i % 3 != 0);

    private static EmbeddingSet Validation(EmbeddingSet set, Func<int, bool> isValidation) => set with
    {
        Splits = [.. Enumerable.Range(0, set.Count).Select(i => isValidation(i) ? Split.Validation : Split.Train)],
    };

    private enum Answers
    {
        Class,
        Labels,
        Value,
        TwoValues,
    }
}
