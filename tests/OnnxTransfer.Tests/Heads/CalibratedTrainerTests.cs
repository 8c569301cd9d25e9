using System.Globalization;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Tests.Heads;

public sealed class CalibratedTrainerTests
{
    // Far too sure on rows it has not seen.
    private static readonly IHeadTrainer Overfitted = new LogisticRegression { L2 = 1e-3 };

    [Fact]
    public void A_head_that_is_too_sure_becomes_as_sure_as_it_is_right()
    {
        EmbeddingSet set = Planted.Classes(1200, 120, 3, distance: 0.1), fresh = Planted.Classes(1200, 120, 3, distance: 0.1, seed: 2);
        var before = Overfitted.Fit(set).EvaluateClasses(fresh);
        var (head, report) = new CalibratedTrainer(Overfitted).FitAndReport(set);
        var after = head.EvaluateClasses(fresh);
        Assert.Equal(before.Accuracy, after.Accuracy);
        Assert.InRange(after.ExpectedCalibrationError, 0, 0.6 * before.ExpectedCalibrationError);
        Assert.InRange(after.LogLoss, 0, before.LogLoss);
        Assert.IsType<LinearHead>(head);
        Assert.InRange(double.Parse(report.Settings["calibration"], CultureInfo.InvariantCulture), 1.2, 100);
    }

    [Fact]
    public void The_temperature_is_measured_on_marked_rows_by_a_head_of_the_others()
    {
        var set = Planted.Classes(150, 20, 3, distance: 0.3);
        Array.Fill(set.Splits, Split.Validation, 100, 50);
        var measured = Overfitted.Fit(set.Of(Split.Train));
        double expected = Temperature.Fit(measured, set.Of(Split.Validation));
        var (head, report) = new CalibratedTrainer(Overfitted).FitAndReport(set);
        Assert.Equal(expected, double.Parse(report.Settings["calibration"], CultureInfo.InvariantCulture));
        Assert.Equal(Temperature.Apply(Overfitted.Fit(set), expected).Predict(set.Rows).Values, head.Predict(set.Rows).Values);
        Assert.Contains("temperature chosen on 50 validation rows", report.Notes);
        double before = measured.EvaluateClasses(set.Of(Split.Validation)).ExpectedCalibrationError;
        double after = Temperature.Apply(measured, expected).EvaluateClasses(set.Of(Split.Validation)).ExpectedCalibrationError;
        Assert.Equal(
            string.Create(CultureInfo.InvariantCulture, $"temperature {expected:g4}: expected calibration error on validation rows {before:f4} before, {after:f4} after"),
            report.Notes[^1]);
    }

    [Fact]
    public void Neighbours_and_several_labels_are_calibrated_too()
    {
        var set = Planted.Classes(120, 6, 3, distance: 0.5);
        var several = set with { Labels = [], LabelSets = Array.ConvertAll(set.Labels, label => label == 0 ? Array.Empty<int>() : [0, label]) };
        foreach (var given in new[] { set, several })
        {
            var (head, report) = new CalibratedTrainer(new NearestNeighbours { Neighbours = 4 }).FitAndReport(given);
            Assert.IsType<TemperedHead>(head);
            Assert.Equal(given.IsMultiLabel ? HeadTask.Labels : HeadTask.Classes, head.Task);
            Assert.All(head.Predict(set.Rows).Values, value => Assert.InRange(value, 0, 1));
            Assert.Equal(head.Predict(set.Rows).Values, ExportedHead.Predict(head, set.Rows), (a, b) => Math.Abs(a - b) < 1e-5);
            Assert.Contains(report.Notes, note => note.Contains("before, ", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Values_pass_through_unchanged()
    {
        var set = Planted.Values(60, 4);
        var (head, report) = new CalibratedTrainer(new RidgeRegression { L2 = 1 }).FitAndReport(set);
        Assert.Equal(new RidgeRegression { L2 = 1 }.Fit(set).Weights, Assert.IsType<LinearHead>(head).Weights);
        Assert.DoesNotContain("calibration", report.Settings.Keys);
    }

    [Fact]
    public void Where_nothing_can_be_held_out_the_head_stays_as_it_is()
    {
        var set = Planted.Classes(30, 3, 3) with { Groups = [.. Enumerable.Repeat("all", 30)] };
        var (head, report) = new CalibratedTrainer(new LogisticRegression { L2 = 0.1 }).FitAndReport(set);
        Assert.Equal(new LogisticRegression { L2 = 0.1 }.Fit(set).Weights, Assert.IsType<LinearHead>(head).Weights);
        Assert.Equal("1", report.Settings["calibration"]);
        Assert.Equal(
            "no temperature could be chosen: all rows belong to one group; probabilities are as they were fitted (T = 1)", Assert.Single(report.Notes));
    }

    [Fact]
    public void It_is_named_and_takes_and_freezes_as_the_trainer_within()
    {
        var trainer = new CalibratedTrainer(new LogisticRegression());
        Assert.Equal(("logistic", null), (trainer.Kind, trainer.WhyNotExported));
        Assert.Equal((true, false), (trainer.Takes(HeadTask.Classes), trainer.Takes(HeadTask.Values)));
        var frozen = (CalibratedTrainer)trainer.Frozen(trainer.FitAndReport(Planted.Classes(90, 5, 3, distance: 0.4)).Report);
        Assert.NotNull(frozen.Temperature);
        Assert.NotNull(((LogisticRegression)frozen.Inner).L2);
    }

    [Fact]
    public void Unusable_settings_are_refused() => Assert.Equal(
        "HeldOut = 0.7, Temperature = -1; expected HeldOut above 0 and at most 0.5, Temperature above 0, or null to have it measured",
        Assert.Throws<FitException>(() => new CalibratedTrainer(Overfitted) { HeldOut = 0.7, Temperature = -1 }.FitAndReport(Planted.Classes(9, 2, 3))).Message);
}
