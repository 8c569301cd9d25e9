using System.Runtime.InteropServices;
using Microsoft.ML.Trainers;
using Microsoft.ML.Trainers.LightGbm;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;
using OnnxTransfer.Tests.Heads;

namespace OnnxTransfer.MLNet.Tests;

/// <summary>Names, settings and their errors; data that is hard to learn from.</summary>
public class MlNetTrainerTests
{
    private static readonly EmbeddingSet Classes = Planted.Classes(90, 4, 3);
    private static readonly EmbeddingSet Values = Planted.Values(90, 4);

    [Fact]
    public void Every_name_makes_a_trainer_that_takes_what_is_said()
    {
        Assert.Equal(MlNetTrainer.Names.Order(), MlNetTrainer.NamesFor(HeadTask.Classes).Union(MlNetTrainer.NamesFor(HeadTask.Values)).Order());
        Assert.Equal(
            ["lbfgs", "sdca", "sdca-noncalibrated", "averaged-perceptron", "linear-svm", "lbfgs-ova", "sgd", "naive-bayes", "fasttree", "fastforest", "gam", "lightgbm"],
            MlNetTrainer.NamesFor(HeadTask.Classes));
        Assert.Equal(
            ["sdca", "ogd", "lbfgs-poisson", "ols", "fasttree", "fasttree-tweedie", "fastforest", "gam", "lightgbm"],
            MlNetTrainer.NamesFor(HeadTask.Values));
        Assert.All(MlNetTrainer.Names, name =>
        {
            var trainer = MlNetTrainer.ByName(name);
            Assert.Equal($"mlnet:{name}", trainer.Kind);
            Assert.Equal(MlNetTrainer.NamesFor(HeadTask.Classes).Contains(name), trainer.Takes(HeadTask.Classes));
            Assert.Equal(MlNetTrainer.NamesFor(HeadTask.Values).Contains(name), trainer.Takes(HeadTask.Values));
            Assert.False(trainer.Takes(HeadTask.Labels));
            Assert.Equal(name == "gam", trainer.WhyNotExported is not null);
        });
    }

    [Fact]
    public void An_unknown_name_is_told_the_near_ones()
    {
        string message = Assert.Throws<FitException>(() => MlNetTrainer.ByName("fast-tree")).Message;
        Assert.StartsWith("ML.NET has no trainer 'fast-tree' here; it has 'fasttree', ", message, StringComparison.Ordinal);
        Assert.Equal(message, Assert.Throws<FitException>(() => new MlNetTrainer { Name = "fast-tree" }.FitAndReport(Classes)).Message);
    }

    [Fact]
    public void A_trainer_of_the_other_task_is_refused()
    {
        Assert.Equal(
            "mlnet:lbfgs cannot learn the set's targets; for them ML.NET has sdca, ogd, lbfgs-poisson, ols, fasttree, fasttree-tweedie, fastforest, gam, lightgbm",
            Refused(new() { Name = "lbfgs" }, Values));
        Assert.StartsWith("mlnet:ogd cannot learn the set's labels; for them ML.NET has lbfgs, sdca, ", Refused(new() { Name = "ogd" }, Classes), StringComparison.Ordinal);
    }

    [Fact]
    public void Several_labels_and_several_targets_are_refused()
    {
        Assert.Equal(
            "mlnet:lbfgs learns one class a row, and the set holds several labels a row; take a head that learns them, such as LogisticRegression",
            Refused(new() { Name = "lbfgs" }, Classes with { Labels = [], LabelSets = [.. Classes.Labels.Select(label => new[] { label })] }));
        Assert.Equal(
            "the set holds 2 targets per row (x, y); mlnet:sdca fits one: fit a head for each, or RidgeRegression",
            Refused(new() { Name = "sdca" }, Values with { Targets = new double[180], TargetNames = ["x", "y"] }));
    }

    [Fact]
    public void A_setting_that_the_trainer_does_not_know_is_refused()
    {
        Assert.Equal("mlnet:lbfgs knows no Trees; it knows L2, Iterations, Standardise: leave Trees out", Refused(new() { Name = "lbfgs", Trees = 5 }, Classes));
        Assert.Equal("mlnet:fasttree knows no L2; it knows Trees, Leaves, LearningRate, Threads: leave L2 out", Refused(new() { Name = "fasttree", L2 = 1 }, Classes));
        Assert.Equal("mlnet:fastforest knows no Standardise; it knows Trees, Leaves, Threads: leave Standardise out", Refused(new() { Name = "fastforest", Standardise = true }, Classes));
        Assert.Equal("mlnet:sgd knows no Threads; it knows L2, Iterations, LearningRate, Standardise: leave Threads out", Refused(new() { Name = "sgd", Threads = 2 }, Classes));
        Assert.Equal("mlnet:sdca learns classes here, which have no logarithm; leave LogTarget out", Refused(new() { Name = "sdca", LogTarget = true }, Classes));
        Assert.Equal(
            "mlnet:lbfgs-poisson predicts the logarithm of the target's mean already; leave LogTarget out",
            Refused(new() { Name = "lbfgs-poisson", LogTarget = true }, Values));
    }

    [Fact]
    public void A_setting_out_of_range_is_refused()
    {
        Assert.Equal("mlnet:lbfgs: L2 is out of range; expected a finite number of at least 0, or null for ML.NET's default", Refused(new() { Name = "lbfgs", L2 = double.NaN }, Classes));
        Assert.Equal("mlnet:lbfgs: Iterations is out of range; expected at least 1, or null for ML.NET's default", Refused(new() { Name = "lbfgs", Iterations = 0 }, Classes));
        Assert.Equal("mlnet:fasttree: Leaves is out of range; expected at least 2, or null for ML.NET's default", Refused(new() { Name = "fasttree", Leaves = 1 }, Classes));
        Assert.Equal(
            "mlnet:sgd: LearningRate is out of range; expected a finite number above 0, or null for ML.NET's default",
            Refused(new() { Name = "sgd", LearningRate = -1 }, Classes));
    }

    [Theory]
    [InlineData("lightgbm", "lib_lightgbm", "lib_lightgbm, which the NuGet package LightGBM brings")]
    [InlineData("ols", "MklImports", "MklImports, which the NuGet package Microsoft.ML.Mkl.Redist brings")]
    public void A_trainer_learns_or_names_the_native_library_it_lacks(string name, string library, string needed)
    {
        var trainer = MlNetTrainer.ByName(name);
        var assembly = name == "ols" ? typeof(OlsTrainer).Assembly : typeof(LightGbmBinaryTrainer).Assembly;
        if (!NativeLibrary.TryLoad(library, assembly, null, out _))
        {
            Assert.Equal(
                $"{trainer.Kind} needs the native library {needed}; it was not found here: add the package, or take another trainer", Refused(trainer, Values));
            return;
        }

        // The same penalty as our own ridge, which is least squares with one.
        var head = MlNetEqualityTests.Fit(name == "ols" ? trainer with { L2 = 0.01 } : trainer, Values);
        Assert.InRange(head.Evaluate(Values).Main, 0.8, 1);
        MlNetEqualityTests.AssertSame(head.Predict(Values.Rows).Values, ExportedHead.Predict(head, Values.Rows));
        if (name == "ols")
        {
            Assert.All(
                new RidgeRegression { L2 = 0.01 }.Fit(Values).Predict(Values.Rows).Values.Zip(head.Predict(Values.Rows).Values),
                pair => Assert.Equal(pair.First, pair.Second, 1e-3f));
        }
    }

    [Theory]
    [InlineData("sdca")]
    [InlineData("ogd")]
    [InlineData("fasttree")]
    [InlineData("gam")]
    public void Targets_may_be_of_any_size(string name)
    {
        var trainer = MlNetTrainer.ByName(name) with { Iterations = name == "gam" ? 100 : null, LearningRate = name == "gam" ? 0.05 : null };
        double small = MlNetEqualityTests.Fit(trainer, Values).Evaluate(Values).Main;
        var large = Planted.Values(90, 4, unit: 1e12);
        Assert.InRange(small, 0.8, 1);
        Assert.Equal(small, MlNetEqualityTests.Fit(trainer, large).Evaluate(large).Main, 0.02);
    }

    [Fact]
    public void The_logarithm_of_the_target_is_undone_in_the_head()
    {
        var prices = Values with { Targets = Array.ConvertAll(Values.Targets, target => Math.Exp(target + 10)) };
        foreach (string name in new[] { "sdca", "fasttree" })
        {
            var head = MlNetEqualityTests.Fit(MlNetTrainer.ByName(name) with { LogTarget = true }, prices);
            var scores = Assert.IsType<RegressionScores>(head.Evaluate(prices));
            Assert.InRange(scores.R2OfLogarithms!.Value, 0.8, 1);
            MlNetEqualityTests.AssertSame(head.Predict(prices.Rows).Values, ExportedHead.Predict(head, prices.Rows));
        }

        Assert.Contains("LogTarget needs targets above 0", Refused(new() { Name = "sdca", LogTarget = true }, Values), StringComparison.Ordinal);
    }

    [Fact]
    public void A_trainer_of_logarithms_names_the_negative_target()
    {
        var set = Values with { Targets = [.. Enumerable.Range(0, 90).Select(i => i == 5 ? -2.0 : 1)] };
        Assert.Equal(
            "row 5 (image5.png) has the target -2; this trainer predicts the logarithm of a mean and needs targets of at least 0: take another trainer or remove the row",
            Refused(new() { Name = "lbfgs-poisson" }, set));
        Assert.Equal(
            "all targets are 0; this trainer predicts the logarithm of their mean: expected at least one above 0",
            Refused(new() { Name = "fasttree-tweedie" }, Values with { Targets = new double[90] }));
    }

    [Theory]
    [InlineData("lbfgs")]
    [InlineData("lbfgs-ova")]
    [InlineData("sdca")]
    [InlineData("linear-svm")]
    [InlineData("averaged-perceptron")]
    public void Separable_classes_without_a_penalty_give_a_finite_head_or_a_clear_error(string name)
    {
        var set = Planted.Classes(60, 4, 3, distance: 50);
        try
        {
            var head = MlNetEqualityTests.Fit(MlNetTrainer.ByName(name) with { L2 = 0, Iterations = 50 }, set);
            Assert.All(head.Predict(set.Rows).Values, value => Assert.True(float.IsFinite(value)));
            Assert.Equal(1, head.Evaluate(set).Main);
        }
        catch (FitException e)
        {
            Assert.StartsWith($"mlnet:{name}", e.Message, StringComparison.Ordinal);
            Assert.Contains("a stronger L2", e.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("lbfgs", 1000)]
    [InlineData("naive-bayes", 1000)]
    [InlineData("fasttree", 30)]
    public void Many_classes_of_one_row_each(string name, int classes)
    {
        var set = Planted.Classes(classes, 8, classes);
        var trainer = MlNetTrainer.ByName(name) with { Trees = name == "fasttree" ? 3 : null, Iterations = name == "lbfgs" ? 1 : null };
        var predicted = MlNetEqualityTests.Fit(trainer, set).Predict(set.Rows);
        Assert.All(predicted.Values, value => Assert.InRange(value, 0, 1));
        Assert.All(Enumerable.Range(0, classes), i => Assert.Equal(1, predicted[i].ToArray().Sum(), 1e-4f));
    }

    [Fact]
    public void A_fit_says_how_far_it_is_and_what_it_was_given()
    {
        List<string> stages = [];
        var (_, report) = new MlNetTrainer { Name = "sgd", L2 = 0.01, Iterations = 3, LearningRate = 0.5 }.FitAndReport(Classes, progress => stages.Add(progress.Stage));
        Assert.Equal(["mlnet:sgd, class 1 of 3", "mlnet:sgd, class 2 of 3", "mlnet:sgd, class 3 of 3"], stages);
        Assert.Equal(new Setting("L2", 0.01), report.Chosen);
        Assert.Equal(
            new Dictionary<string, string> { ["trainer"] = "mlnet:sgd", ["iterations"] = "3", ["learningRate"] = "0.5" }, report.Settings);
        Assert.Equal("false", new MlNetTrainer { Name = "ogd", Standardise = false }.FitAndReport(Values).Report.Settings["standardise"]);
        Assert.StartsWith("L2 0.01, 90 rows, fitted, ", report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_fit_ends_between_classes_when_it_is_cancelled()
    {
        using var source = new CancellationTokenSource();
        List<string> stages = [];
        Assert.ThrowsAny<OperationCanceledException>(() => new MlNetTrainer { Name = "fasttree", Trees = 2 }.FitAndReport(
            Classes,
            progress =>
            {
                stages.Add(progress.Stage);
                source.Cancel();
            },
            source.Token));
        Assert.Single(stages);
    }

    [Fact]
    public void Linear_models_are_linear_heads()
    {
        Assert.Equal(Activation.Softmax, Assert.IsType<LinearHead>(MlNetEqualityTests.Fit(new() { Name = "sdca" }, Classes)).Activation);
        Assert.Equal(Activation.Identity, Assert.IsType<LinearHead>(MlNetEqualityTests.Fit(new() { Name = "ogd" }, Values)).Activation);
        var positive = PoissonContract.Counts(Values);
        Assert.Equal(Activation.Exponential, Assert.IsType<LinearHead>(MlNetEqualityTests.Fit(new() { Name = "lbfgs-poisson" }, positive)).Activation);
        Assert.IsType<MlNetHead>(MlNetEqualityTests.Fit(new() { Name = "linear-svm" }, Classes));
    }

    private static string Refused(MlNetTrainer trainer, EmbeddingSet set) => Assert.Throws<FitException>(() => trainer.FitAndReport(set)).Message;
}
