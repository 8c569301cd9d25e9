using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Tests.Heads;

public sealed class MixedTrainerTests
{
    [Fact]
    public void All_source_rows_together_weigh_their_share_of_the_targets()
    {
        var target = Planted.Classes(20, 4, 2) with { Weights = [.. Enumerable.Range(0, 20).Select(i => 1.0 + (i % 2))] };
        var source = Planted.Classes(50, 4, 2, seed: 3) with { Weights = [.. Enumerable.Range(0, 50).Select(i => i == 7 ? 0.0 : i == 8 ? 2 : 1)] };
        var seen = new List<EmbeddingSet>();
        var report = new MixedTrainer(new SpyTrainer(new LogisticRegression { L2 = 0.1 }, seen), source) { SourceWeight = 0.25 }.FitAndReport(target).Report;
        var joined = Assert.Single(seen);
        Assert.Equal(69, joined.Count); // a row of weight 0 is none
        Assert.Equal(target.Weights, joined.Weights[..20]);
        Assert.Equal(0.25 * 30, joined.Weights[20..].Sum(), 1e-12);
        Assert.Equal(2, joined.Weights[27] / joined.Weights[28], 1e-12);
        Assert.Equal(source.Rows[8].ToArray(), joined.Rows[27].ToArray());
        Assert.Equal(("49", "0.25"), (report.Settings["sourceRows"], report.Settings["sourceWeight"]));
        Assert.Equal("49 source rows joined 20 target rows at 0.25 of their weight", Assert.Single(report.Notes));
    }

    [Fact]
    public void Validation_rows_are_the_targets_alone()
    {
        var target = Planted.Classes(60, 4, 3, distance: 0.5);
        var source = Planted.Classes(200, 4, 3, distance: 0.5, seed: 3) with { Names = [] };
        Array.Fill(source.Splits, Split.Validation, 50, 60);
        var seen = new List<EmbeddingSet>();
        var trainer = new MixedTrainer(new SpyTrainer(new LogisticRegression(), seen), source);
        var report = trainer.FitAndReport(target).Report;
        var validation = Assert.Single(seen).Of(Split.Validation);
        Assert.Equal(12, validation.Count);
        Assert.All(validation.Names, name => Assert.StartsWith("image", name, StringComparison.Ordinal));
        Assert.Equal("L2 chosen on 12 validation rows; the final fit uses all rows", report.Notes[0]);

        Array.Fill(target.Splits, Split.Validation, 0, 30);
        trainer.FitAndReport(target);
        Assert.Equal([.. target.Splits, .. new Split[200]], seen[1].Splits);
    }

    [Fact]
    public void A_target_from_which_nothing_can_be_held_out_leaves_the_source_whole_too()
    {
        var target = Planted.Classes(2, 4, 2);
        var (head, report) = new MixedTrainer(new LogisticRegression(), Planted.Classes(100, 4, 2, seed: 3)).FitAndReport(target);
        Assert.Empty(report.Path);
        Assert.Equal(
            [
                "no L2 could be chosen: all rows belong to one group; L2 = 0.01 was taken (L2Search.Fallback)",
                "100 source rows joined 2 target rows at 0.5 of their weight", "no target rows could be held out, and source rows never are",
            ],
            report.Notes);
        Assert.InRange(head.Evaluate(Planted.Classes(100, 4, 2, seed: 4)).Main, 0.9, 1); // far better than two rows can do
    }

    [Fact]
    public void Classes_are_matched_by_name_and_those_the_target_lacks_left_out()
    {
        var target = Planted.Classes(40, 4, 3) with { Classes = ["a", "b", "c"] };
        var source = Planted.Classes(40, 4, 4, seed: 3) with { Classes = ["b", "x", "a", "y"] };
        var seen = new List<EmbeddingSet>();
        var report = new MixedTrainer(new SpyTrainer(new LogisticRegression { L2 = 0.1 }, seen), source).FitAndReport(target).Report;
        Assert.Equal([.. Enumerable.Range(0, 20).Select(i => i % 2 == 0 ? 1 : 0)], seen[0].Labels[40..]);
        Assert.Contains("20 source rows of classes the target lacks were left out: 'x', 'y'", report.Notes);
        Assert.Equal(
            "the source's rows are of the classes 'p', 'q', of which the target has none; it has 'a', 'b', 'c': give them the same names",
            Assert.Throws<FitException>(() => new MixedTrainer(
                new LogisticRegression(), Planted.Classes(10, 4, 2) with { Classes = ["p", "q"] }).FitAndReport(target)).Message);
    }

    [Fact]
    public void Label_sets_are_matched_by_name()
    {
        var plain = Planted.Classes(12, 3, 2);
        var target = plain with { Labels = [], Classes = ["a", "b"], LabelSets = [.. Enumerable.Range(0, 12).Select(i => i % 3 == 0 ? new[] { 0, 1 } : [])] };
        var source = target with { Classes = ["x", "b", "a"], LabelSets = [.. Enumerable.Range(0, 12).Select(i => i % 2 == 0 ? new[] { 0, 1, 2 } : [2])] };
        List<string> notes = [];
        var matched = SourceRows.Matched(source, target, notes);
        Assert.Equal([[0, 1], [0]], matched.LabelSets[..2]);
        Assert.Equal("labels of the source that the target lacks were left out: 'x'", Assert.Single(notes));
        Assert.StartsWith(
            "the source does not know the labels 'a', so that its rows would be learned as not having them",
            Assert.Throws<FitException>(() => SourceRows.Matched(source with { Classes = ["x", "b", "c"] }, target, [])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_source_helps_a_regression_of_few_rows()
    {
        var target = Planted.Values(8, 12, noise: 1);
        var test = Planted.Values(200, 12, noise: 1, seed: 5);
        double alone = new RidgeRegression { L2 = 0.1 }.Fit(target).EvaluateValues(test).R2;
        IHeadTrainer mixed = new MixedTrainer(new RidgeRegression { L2 = 0.1 }, Planted.Values(300, 12, noise: 1, seed: 6)) { SourceWeight = 1 };
        Assert.InRange(mixed.Fit(target).Evaluate(test).Main, Math.Max(0.5, alone + 0.2), 1);
        Assert.InRange(CrossValidation.Run(mixed, Planted.Values(24, 12, noise: 1), 2).Minimum, 0.4, 1);
    }

    [Fact]
    public void Domains_that_do_not_fit_are_refused()
    {
        var target = Planted.Classes(20, 4, 2);
        Assert.Equal(
            "the source's embeddings are 5 wide, the target's 4; expected both from the same backbone, tap and number columns",
            Message(new MixedTrainer(new LogisticRegression(), Planted.Classes(20, 5, 2)), target));
        Assert.Equal(
            "the source holds targets, the target a label a row; expected the same of both",
            Message(new MixedTrainer(new LogisticRegression(), Planted.Values(20, 4)), target));
        Assert.StartsWith(
            "the source: the embedding of row 3 (image3.png) holds a NaN or infinite value",
            Message(new MixedTrainer(new LogisticRegression(), target.With((i, _, value) => i == 3 ? double.NaN : value)), target), StringComparison.Ordinal);
        Assert.Equal(
            "the source: row 1 has the label -1; expected 0 to 1: rows without a label cannot be fitted on",
            Message(new MixedTrainer(new LogisticRegression(), target with { Labels = [.. Enumerable.Repeat(0, 1), .. Enumerable.Repeat(-1, 19)] }), target));
        Assert.Equal(
            "the source has the targets without a name, the target domain 'a', 'b'; expected the same in the same order",
            Message(new MixedTrainer(new RidgeRegression(), Planted.Values(10, 4)), Planted.Values(20, 4).Subset([.. Enumerable.Range(0, 10)]) with
            {
                Targets = new double[20], TargetNames = ["a", "b"],
            }));
        Assert.Contains("SourceWeight = 0; expected a finite number above 0", Message(
            new MixedTrainer(new LogisticRegression(), target) { SourceWeight = 0 }, target), StringComparison.Ordinal);
    }

    private static string Message(MixedTrainer trainer, EmbeddingSet target) => Assert.Throws<FitException>(() => trainer.FitAndReport(target)).Message;
}
