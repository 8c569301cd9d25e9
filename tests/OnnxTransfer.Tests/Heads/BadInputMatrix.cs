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
    private static readonly Dictionary<string, (IHeadTrainer Plain, IHeadTrainer Weakest)> Trainers = new()
    {
        ["logistic"] = (new LogisticRegression(), new LogisticRegression { L2 = 0, MaxIterations = 200 }),
        ["ridge"] = (new RidgeRegression(), new RidgeRegression { L2 = 0 }),
        ["ridge of logarithms"] = (new RidgeRegression { LogTarget = true }, new RidgeRegression { LogTarget = true, L2 = 0 }),
        ["balanced logistic"] = (
            new RebalancedTrainer(new LogisticRegression(), Rebalancing.Balanced), new RebalancedTrainer(new LogisticRegression { L2 = 0, MaxIterations = 200 }, Rebalancing.Balanced)),
        ["over-sampled logistic"] = (
            new RebalancedTrainer(new LogisticRegression(), new Rebalancing { Method = RebalancingMethod.OverSampling }),
            new RebalancedTrainer(new LogisticRegression { L2 = 0, MaxIterations = 200 }, new Rebalancing { Method = RebalancingMethod.OverSampling })),
    };

    // What the message says was found; null: there must be an answer; "?": there may be either, and the message holds a cure after a semicolon.
    private static readonly Dictionary<string, (Func<HeadTask, EmbeddingSet> Set, bool Weakest, string? Error)> Inputs = new()
    {
        ["fewer rows than columns"] = (task => Set(task, 12, 40), false, null),
        ["fewer rows than columns, weakest penalty"] = (task => Set(task, 12, 40), true, "?"),
        ["a constant column"] = (task => Set(task, 60, 5).With((_, j, value) => j == 2 ? 7 : value), false, null),
        ["a constant column, weakest penalty"] = (task => Set(task, 60, 5).With((_, j, value) => j == 2 ? 7 : value), true, "?"),
        ["all columns constant"] = (task => Set(task, 30, 4).With((_, j, _) => j + 0.5), false, null),
        ["all columns 0"] = (task => Set(task, 30, 4).With((_, _, _) => 0), false, null),
        ["columns of huge and of tiny numbers"] = (task => Set(task, 60, 4).With((_, j, value) => value * (j == 0 ? 1e30 : j == 1 ? 1e-30 : 1)), false, "?"),
        ["equal rows, different answers"] = (task => Set(task, 40, 4).With((_, j, _) => j == 0 ? 1 : 2), false, null),
        ["pairs of equal rows, different answers"] = (task => Pairs(Set(task, 40, 4)), false, null),
        ["one class in the fit"] = (task => Only(Set(task, 20, 3), 1), false, "class1"),
        ["one class beside the validation rows"] = (task => OneClassBesideValidation(Set(task, 30, 3)), false, null),
        ["a class missing in validation"] = (task => Validation(Set(task, 40, 3), i => i % 3 == 0 && i > 10), false, null),
        ["a class in validation alone"] = (task => Validation(Set(task, 40, 3), i => i % 3 == 2), false, null),
        ["one validation row"] = (task => Validation(Set(task, 40, 3), i => i == 4), false, null),
        ["all rows validation"] = (task => Validation(Set(task, 40, 3), _ => true), false, null),
        ["separable, weakest penalty"] = (task => Set(task, 60, 8, distance: 30), true, "?"),
        ["a NaN in an embedding"] = (task => Set(task, 20, 4).With((i, j, value) => i == 7 && j == 3 ? double.NaN : value), false, "row 7 (image7.png) holds a NaN or infinite value"),
        ["an infinite embedding"] = (task => Set(task, 20, 4).With((i, _, value) => i == 9 ? double.PositiveInfinity : value), false, "row 9 (image9.png) holds a NaN or infinite value"),
        ["targets of 1e12"] = (task => Targets(task, i => 1e12 + (1e9 * i)), false, null),
        ["targets of 1e300"] = (task => Targets(task, i => i < 4 ? 2 : 1e300), false, "row 4 (image4.png) has the target 1E+300; expected at most 3.4e+38 either way"),
        ["all targets equal"] = (task => Targets(task, _ => 5), false, null),
        ["a negative target"] = (task => Targets(task, i => i == 3 ? -4 : i + 1), false, "row 3 (image3.png) has the target -4"),
        ["a target that is not a number"] = (task => Targets(task, i => i == 3 ? double.NaN : i + 1), false, "row 3 (image3.png) has the target NaN"),
        ["1,000 classes of a row each"] = (task => task == HeadTask.Values ? Set(task, 100, 3) : Planted.Classes(1000, 4, 1000), false, null),
        ["all weights 0"] = (task => Set(task, 20, 3) with { Weights = new double[20] }, false, "all 20 rows have the weight 0"),
        ["weights of 1e300 and 1e-300"] = (task => Set(task, 40, 3) with { Weights = [.. Enumerable.Range(0, 40).Select(i => i % 2 == 0 ? 1e300 : 1e-300)] }, false, null),
        ["weights of 1e308"] = (task => Set(task, 20, 3) with { Weights = [.. Enumerable.Repeat(1e308, 20)] }, false, null),
        ["a row"] = (task => Set(task, 1, 3), false, "?"),
        ["two rows"] = (task => Set(task, 2, 3), false, null),
        ["a group only"] = (task => Set(task, 20, 3) with { Groups = [.. Enumerable.Repeat("one", 20)] }, false, null),
        ["no rows"] = (task => Set(task, 5, 3).Subset([]), false, "there are no rows to fit on"),
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
        var (plain, weakest) = Trainers[name];
        var (make, isWeakest, expected) = Inputs[input];
        var task = plain.Takes(HeadTask.Classes) ? HeadTask.Classes : HeadTask.Values;
        var set = make(task);
        expected = Applies(name, input, task) ? expected : null;
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
            Assert.Contains(expected == "?" ? "; " : expected, error.Message, StringComparison.Ordinal);
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
        foreach (var (name, (plain, _)) in Trainers)
        {
            var task = plain.Takes(HeadTask.Classes) ? HeadTask.Classes : HeadTask.Values;
            double[] weights = [.. Enumerable.Range(0, 40).Select(i => 1.0 + (i % 3))];
            var set = Set(task, 40, 3) with { Weights = weights };
            float[] expected = plain.Fit(set).Predict(set.Rows).Values;
            float[] found = plain.Fit(set with { Weights = Array.ConvertAll(weights, weight => unit * weight) }).Predict(set.Rows).Values;
            Assert.All(expected.Zip(found), pair => Assert.True(Math.Abs(pair.First - pair.Second) < 1e-3, $"{name}: {pair}"));
        }
    }

    // Targets are no fault to a classifier, nor one class to a regression, nor a negative target to what takes no logarithm.
    private static bool Applies(string name, string input, HeadTask task) => input switch
    {
        "one class in the fit" => task == HeadTask.Classes,
        "a negative target" => name.Contains("logarithms", StringComparison.Ordinal),
        "targets of 1e300" or "a target that is not a number" => task == HeadTask.Values,
        _ => true,
    };

    private static EmbeddingSet Set(HeadTask task, int rows, int width, double distance = 1) => task == HeadTask.Classes
        ? Planted.Classes(rows, width, 3, distance)
        : Planted.Values(rows, width, noise: distance > 1 ? 0 : 0.1) is var set ? set with { Targets = Array.ConvertAll(set.Targets, target => Math.Exp(target / 10)) } : null!;

    private static EmbeddingSet Targets(HeadTask task, Func<int, double> target) => task == HeadTask.Classes
        ? Set(task, 30, 3)
        : Set(task, 30, 3) with { Targets = [.. Enumerable.Range(0, 30).Select(target)] };

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
}
