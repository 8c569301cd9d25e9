using System.Text.Json;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;
using OnnxTransfer.Tests.Numerics;

namespace OnnxTransfer.Tests.Heads;

public sealed class RebalancedTrainerTests
{
    private static readonly Rebalancing Repeated = new() { Method = RebalancingMethod.OverSampling };

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Predicts_what_scikit_learn_does_under_the_same_class_weights(int number)
    {
        var data = GoldenFile.Read("Heads", "logistic.json");
        var golden = GoldenFile.Read("Heads", "balanced.json");
        JsonElement reference = golden.GetProperty("cases")[number];
        var set = new EmbeddingSet { Rows = new Matrix(500, 20, data.Floats("x")), Labels = data.Integers("labels"), Classes = ["a", "b", "c", "d"] }
            .Subset(golden.Integers("rows"));
        double[] weights = reference.Doubles("weights");
        var rebalancing = reference.GetProperty("name").GetString() == "balanced"
            ? Rebalancing.Balanced
            : new Rebalancing { ClassWeights = set.Classes.Zip(weights).ToDictionary(pair => pair.First, pair => pair.Second) };
        IHeadTrainer trainer = new RebalancedTrainer(new LogisticRegression { L2 = reference.Double("l2"), Tolerance = 1e-8 }, rebalancing);
        float[] probabilities = trainer.Fit(set).Predict(set.Rows).Values;
        Assert.All(reference.Doubles("probabilities").Zip(probabilities), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
    }

    [Fact]
    public void A_choice_is_made_on_rows_as_they_came_and_then_fitted_on_all_balanced()
    {
        var set = Unequal();
        var seen = new List<EmbeddingSet>();
        var (head, report) = new RebalancedTrainer(new SpyTrainer(new LogisticRegression(), seen), Repeated).FitAndReport(set);

        Assert.Equal(2, seen.Count);
        var validation = seen[0].Of(Split.Validation);
        Assert.Equal(validation.Names.Distinct(), validation.Names);
        Assert.Equal(24, validation.Count); // a fifth of 120 rows, shares of the classes kept
        Assert.Equal([16, 6, 2], CountsOf(validation));
        Assert.Empty(validation.Names.Intersect(seen[0].Of(Split.Train).Names));
        Assert.Empty(validation.Groups.Intersect(seen[0].Of(Split.Train).Groups));
        Assert.Equal([64, 64, 64], CountsOf(seen[0].Of(Split.Train)));
        Assert.Equal([80, 80, 80], CountsOf(seen[1]));
        Assert.DoesNotContain(Split.Validation, seen[1].Splits);

        Assert.Equal(report.Path.MinBy(trial => trial.Score)!.Setting, report.Chosen);
        Assert.Equal((240, "over-sampled to 1"), (report.Rows, report.Settings["classes"]));
        Assert.StartsWith("L2 chosen on 24 validation rows", report.Notes[0], StringComparison.Ordinal);
        Assert.Equal("classes balanced by repeating rows of the rarer ones: 120 -> 240 rows, after the choice on rows as they came", report.Notes[^1]);
        float[] expected = new LogisticRegression { L2 = report.Chosen!.Value }.Fit(Repeated.Apply(set)).Predict(set.Rows).Values;
        Assert.Equal(expected, head.Predict(set.Rows).Values);
    }

    [Fact]
    public void Rows_marked_validation_decide()
    {
        var set = Unequal();
        foreach (int i in Enumerable.Range(0, 120).Where(i => i % 4 == 1))
        {
            set.Splits[i] = Split.Validation;
        }

        var seen = new List<EmbeddingSet>();
        new RebalancedTrainer(new SpyTrainer(new LogisticRegression(), seen), Rebalancing.Balanced).FitAndReport(set);
        Assert.Equal(set.Splits, seen[0].Splits);
        Assert.All(seen[0].Of(Split.Validation).Weights, weight => Assert.Equal(1, weight));
        Assert.Equal(Rebalancing.Balanced.Apply(set with { Splits = [] }).Weights, seen[1].Weights);
    }

    [Fact]
    public void Where_everything_is_given_there_is_one_fit_on_all_rows()
    {
        var seen = new List<EmbeddingSet>();
        var report = new RebalancedTrainer(new SpyTrainer(new LogisticRegression { L2 = 0.01 }, seen), Rebalancing.Balanced).FitAndReport(Unequal()).Report;
        Assert.Equal(Rebalancing.Balanced.Apply(Unequal()).Weights, Assert.Single(seen).Weights);
        Assert.Equal("classes balanced by weights, inversely to their rows", Assert.Single(report.Notes));
        Assert.Equal("balanced weights", report.Settings["classes"]);
    }

    [Fact]
    public void Rare_classes_are_found_more_often_in_every_fold()
    {
        var set = Planted.Classes(900, 6, 3, distance: 0.35);
        set = set.Subset([.. Enumerable.Range(0, 900).Where(i => set.Labels[i] == 0 || i % (9 * set.Labels[i]) < 3)]);
        var plain = CrossValidation.Run(new LogisticRegression(), set, 3);
        foreach (var rebalancing in new[] { Rebalancing.Balanced, Repeated, new Rebalancing { Method = RebalancingMethod.UnderSampling } })
        {
            var balanced = CrossValidation.Run(new RebalancedTrainer(new LogisticRegression(), rebalancing), set, 3);
            Assert.InRange(Recall(balanced), Recall(plain) + 0.04, 1);
        }

        static double Recall(CrossValidationScores scores) => scores.Folds.Average(fold => ((ClassificationScores)fold.Scores).MacroRecall);
    }

    [Fact]
    public void Copies_never_stand_on_both_sides_of_folds_or_holdout()
    {
        var copied = Repeated.Apply(Unequal());
        Assert.All(Folds.Make(copied, 4), fold => Assert.Empty(fold.Train.Select(i => copied.Names[i]).Intersect(fold.Test.Select(i => copied.Names[i]))));
        var holdout = Holdout.Make(copied, new L2Search());
        Assert.Empty(holdout.Fit.Names.Intersect(holdout.Validation!.Names));
    }

    [Fact]
    public void Tasks_without_classes_are_refused_before_the_fit()
    {
        IHeadTrainer trainer = new RebalancedTrainer(new RidgeRegression(), Rebalancing.Balanced);
        Assert.False(trainer.Takes(HeadTask.Values));
        Assert.False(new RebalancedTrainer(new LogisticRegression(), Rebalancing.Balanced).Takes(HeadTask.Labels));
        Assert.StartsWith(
            "the set holds targets; class weights and sampling are for one class a row",
            Assert.Throws<FitException>(() => trainer.Fit(Planted.Values(20, 2))).Message, StringComparison.Ordinal);
        Assert.Equal("HeldOut = 0.9; expected above 0 and at most 0.5", Assert.Throws<FitException>(
            () => new RebalancedTrainer(new LogisticRegression(), Rebalancing.Balanced) { HeldOut = 0.9 }.FitAndReport(Unequal())).Message);
    }

    /// <summary>80, 30 and 10 rows of three classes.</summary>
    private static EmbeddingSet Unequal()
    {
        int[] counts = [80, 30, 10];
        var set = Planted.Classes(240, 4, 3, distance: 0.6);
        return set.Subset([.. Enumerable.Range(0, 240).GroupBy(i => set.Labels[i]).SelectMany(members => members.Take(counts[members.Key]))]);
    }

    private static int[] CountsOf(EmbeddingSet set) => [.. set.Labels.CountBy(label => label).OrderBy(pair => pair.Key).Select(pair => pair.Value)];
}
