using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;
using OnnxTransfer.Tests.Heads;

namespace OnnxTransfer.Tests.Evaluation;

public sealed class CrossValidationTests
{
    [Fact]
    public void Every_row_is_tested_once_per_repetition_and_never_fitted_on_then()
    {
        var folds = Folds.Make(Planted.Classes(50, 2, 3), 4, seed: 1);
        Assert.Equal(Enumerable.Range(0, 50), folds.SelectMany(fold => fold.Test).Order());
        Assert.All(folds, fold => Assert.Equal(Enumerable.Range(0, 50), fold.Train.Concat(fold.Test).Order()));
    }

    [Fact]
    public void Scores_are_those_of_each_fold_fitted_by_hand()
    {
        var set = Planted.Classes(90, 4, 3, distance: 0.5);
        var trainer = new LogisticRegression { L2 = 1e-2 };
        var result = CrossValidation.Run(trainer, set, folds: 3, repeats: 2, seed: 5);
        Assert.Equal(6, result.Folds.Count);
        var second = Folds.Make(set, 3, seed: 6)[1];
        double expected = trainer.Fit(set.Subset(second.Train)).Evaluate(set.Subset(second.Test)).Main;
        var found = result.Folds.Single(fold => fold is { Repeat: 1, Fold: 1 });
        Assert.Equal((expected, 1e-2, 60), (found.Scores.Main, found.Chosen!.Value, found.TrainCount));

        double[] all = [.. result.Folds.Select(fold => fold.Scores.Main).Order()];
        Assert.Equal(all.Average(), result.Mean, 1e-12);
        Assert.Equal((all[2] + all[3]) / 2, result.Median, 1e-12);
        Assert.Equal((all[0], all[5]), (result.Minimum, result.Maximum));
        Assert.Equal(Math.Sqrt(all.Sum(v => Math.Pow(v - all.Average(), 2)) / 5), result.StandardDeviation, 1e-12);
        Assert.StartsWith("accuracy 0.", result.ToString(), StringComparison.Ordinal);
        Assert.EndsWith(" over 6 folds)", result.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Regression_is_validated_by_R2()
    {
        var result = CrossValidation.Run(new RidgeRegression(), Planted.Values(120, 5));
        Assert.Equal("R2", result.MainName);
        Assert.InRange(result.Minimum, 0.95, 1);
    }

    [Fact]
    public void More_folds_than_groups_are_refused()
    {
        var set = Planted.Classes(12, 2, 2);
        Assert.Equal(
            "13 folds of 12 rows; expected at least 2 folds and no more than there are rows",
            Assert.Throws<FitException>(() => Folds.Make(set, 13)).Message);
        var grouped = set with { Groups = [.. Enumerable.Range(0, 12).Select(i => $"g{i % 3}")] };
        Assert.Equal(
            "4 folds of 3 groups; expected at least 2 folds and no more than there are groups",
            Assert.Throws<FitException>(() => Folds.Make(grouped, 4)).Message);
        Assert.Equal(3, Folds.Make(grouped, 3).Count);
        Assert.Throws<FitException>(() => CrossValidation.Run(new LogisticRegression(), set, repeats: 0));
    }
}
