using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Tests.Heads;

public sealed class RebalancingTests
{
    private static readonly int[] Counts = [12, 6, 3];

    [Fact]
    public void Balanced_weights_are_scikit_learns()
    {
        var set = Rebalancing.Balanced.Apply(Unequal());
        Assert.Equal(21, set.Count);
        double[] expected = [21.0 / (3 * 12), 21.0 / (3 * 6), 21.0 / (3 * 3)];
        Assert.All(set.Labels.Zip(set.Weights), pair => Assert.Equal(expected[pair.First], pair.Second, 1e-12));
    }

    [Fact]
    public void Row_weights_are_honoured_and_rows_of_weight_0_left_out()
    {
        var set = Unequal();
        double[] weights = [.. Enumerable.Repeat(0.5, 12), .. Enumerable.Repeat(2.0, 6), 1, 1, 0];
        var balanced = Rebalancing.Balanced.Apply(set with { Weights = weights });
        Assert.Equal(20, balanced.Count);
        foreach (int label in new[] { 0, 1, 2 })
        {
            Assert.Equal(20.0 / 3, balanced.Labels.Zip(balanced.Weights).Where(row => row.First == label).Sum(row => row.Second), 1e-12);
        }

        var given = new Rebalancing { ClassWeights = new Dictionary<string, double> { ["class1"] = 3 } }.Apply(set with { Weights = weights });
        Assert.Equal([.. Enumerable.Repeat(0.5, 12), .. Enumerable.Repeat(6.0, 6), 1, 1], given.Weights);
    }

    [Fact]
    public void A_class_without_rows_takes_no_share() =>
        Assert.Equal(
            Rebalancing.Balanced.Apply(Unequal()).Weights,
            Rebalancing.Balanced.Apply(Unequal() with { Classes = ["class0", "class1", "class2", "unseen"] }).Weights);

    [Theory]
    [InlineData(1, 12, 12)]
    [InlineData(0.4, 6, 5)]
    public void Rarer_classes_are_repeated_up_to_the_ratio(double ratio, int second, int third)
    {
        var set = Unequal();
        var sampled = new Rebalancing { Method = RebalancingMethod.OverSampling, Ratio = ratio }.Apply(set);
        Assert.Equal([12, second, third], CountsOf(sampled));
        Assert.Equal(set.Names, sampled.Names.Distinct()); // no row is lost, none out of order
        int[] times = [.. sampled.Names.CountBy(name => name).Skip(18).Select(pair => pair.Value)];
        Assert.InRange(times.Max() - times.Min(), 0, 1);
        Assert.All(sampled.Names.Zip(sampled.Groups).GroupBy(row => row.First), copies => Assert.Single(copies.DistinctBy(row => row.Second)));
        Assert.Equal(21, sampled.Groups.Distinct().Count());
        Assert.All(Enumerable.Range(0, sampled.Count), i => Assert.Equal(
            set.Rows[Array.IndexOf(set.Names, sampled.Names[i])].ToArray(), sampled.Rows[i].ToArray()));
    }

    [Fact]
    public void Groups_and_weights_go_with_the_copies()
    {
        var set = Unequal() with { Groups = [.. Enumerable.Range(0, 21).Select(i => $"g{i / 2}")], Weights = [.. Enumerable.Range(1, 21).Select(i => (double)i)] };
        var sampled = new Rebalancing { Method = RebalancingMethod.OverSampling }.Apply(set);
        Assert.All(Enumerable.Range(0, sampled.Count), i =>
        {
            int origin = Array.IndexOf(set.Names, sampled.Names[i]);
            Assert.Equal((set.Groups[origin], set.Weights[origin]), (sampled.Groups[i], sampled.Weights[i]));
        });
    }

    [Theory]
    [InlineData(1, 3, 3)]
    [InlineData(0.5, 6, 6)]
    public void Larger_classes_are_thinned_down_to_the_ratio(double ratio, int first, int second)
    {
        var rebalancing = new Rebalancing { Method = RebalancingMethod.UnderSampling, Ratio = ratio };
        var sampled = rebalancing.Apply(Unequal());
        Assert.Equal([first, second, 3], CountsOf(sampled));
        Assert.Equal(sampled.Names.Distinct(), sampled.Names);
        Assert.Equal(sampled.Names, rebalancing.Apply(Unequal()).Names);
        Assert.NotEqual(sampled.Names, (rebalancing with { Seed = 1 }).Apply(Unequal()).Names);
    }

    [Theory]
    [InlineData(RebalancingMethod.Weights)]
    [InlineData(RebalancingMethod.OverSampling)]
    [InlineData(RebalancingMethod.UnderSampling)]
    public void Rows_marked_validation_stay_as_they_are_and_count_for_nothing(RebalancingMethod method)
    {
        var set = Unequal();
        Array.Fill(set.Splits, Split.Validation, 0, 8); // leaves 4, 6 and 3 rows to fit on
        var balanced = new Rebalancing { Method = method }.Apply(set);
        var validation = balanced.Of(Split.Validation);
        Assert.Equal(set.Of(Split.Validation).Names, validation.Names);
        Assert.All(validation.Weights, weight => Assert.Equal(1, weight));
        var fit = balanced.Of(Split.Train);
        Assert.Equal(method switch { RebalancingMethod.Weights => [4, 6, 3], RebalancingMethod.OverSampling => [6, 6, 6], _ => [3, 3, 3] }, CountsOf(fit));
        Assert.Empty(validation.Names.Intersect(fit.Names));
        Assert.True(method != RebalancingMethod.Weights || Math.Abs(fit.Weights[0] - (13.0 / (3 * 4))) < 1e-12);
    }

    [Fact]
    public void Settings_and_sets_that_make_no_sense_are_refused()
    {
        Assert.Equal(
            "a weight is given for class 'rose', which the set does not have; expected one of: class0, class1, class2",
            Message(new Rebalancing { ClassWeights = new Dictionary<string, double> { ["rose"] = 2 } }, Unequal()));
        Assert.Equal(
            "class 'class0' has the weight -1; expected a finite number above 0: to leave a class out, take it out of the data",
            Message(new Rebalancing { ClassWeights = new Dictionary<string, double> { ["class0"] = -1 } }, Unequal()));
        Assert.Equal(
            "ClassWeights are given under UnderSampling, which does not use them; expected Method = Weights, or no ClassWeights",
            Message(new Rebalancing { Method = RebalancingMethod.UnderSampling, ClassWeights = new Dictionary<string, double>() }, Unequal()));
        Assert.Equal(
            "Ratio = 0.5 is given under Weights, which does not use it; expected OverSampling or UnderSampling, or no Ratio",
            Message(new Rebalancing { Ratio = 0.5 }, Unequal()));
        Assert.Equal(
            "Ratio = 0; expected above 0 and at most 1, rows of the smallest class for one of the largest",
            Message(new Rebalancing { Method = RebalancingMethod.OverSampling, Ratio = 0 }, Unequal()));
        Assert.Equal(
            "the set holds targets; class weights and sampling are for one class a row: leave the rebalancing out, or give the rows weights of their own",
            Message(Rebalancing.Balanced, Planted.Values(10, 2)));
        Assert.Contains("the set holds several labels a row;", Message(
            Rebalancing.Balanced, Unequal() with { Labels = [], LabelSets = [.. Enumerable.Repeat<int[]>([0], 21)] }), StringComparison.Ordinal);
    }

    /// <summary>12, 6 and 3 rows of three classes, class by class.</summary>
    private static EmbeddingSet Unequal()
    {
        var set = Planted.Classes(36, 4, 3);
        return set.Subset([.. Enumerable.Range(0, 36).GroupBy(i => set.Labels[i]).SelectMany(members => members.Take(Counts[members.Key]))]);
    }

    private static int[] CountsOf(EmbeddingSet set) => [.. set.Labels.CountBy(label => label).OrderBy(pair => pair.Key).Select(pair => pair.Value)];

    private static string Message(Rebalancing rebalancing, EmbeddingSet set) => Assert.Throws<FitException>(() => rebalancing.Apply(set)).Message;
}
