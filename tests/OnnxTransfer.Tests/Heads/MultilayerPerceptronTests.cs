using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Heads;

public sealed class MultilayerPerceptronTests
{
    private static readonly MultilayerPerceptron Quick = new() { Hidden = [16], LearningRate = 0.01, BatchSize = 32, Dropout = 0, Epochs = 30, Threads = 1 };

    [Fact]
    public void Learns_what_no_line_can_part()
    {
        var random = new SeededRandom(3);
        var rows = new Matrix(300, 2, [.. Enumerable.Range(0, 600).Select(_ => (float)random.NextGaussian())]);
        var set = new EmbeddingSet
        {
            Rows = rows, Classes = ["same", "other"],
            Labels = [.. Enumerable.Range(0, 300).Select(i => rows[i][0] * rows[i][1] > 0 ? 0 : 1)],
        };
        Assert.InRange(new LogisticRegression().Fit(set).Evaluate(set).Main, 0.4, 0.65);
        Assert.InRange((Quick with { Hidden = [16, 8], Epochs = 60 }).Fit(set).Evaluate(set).Main, 0.93, 1);
    }

    [Fact]
    public void Without_hidden_layers_it_finds_the_logistic_regression()
    {
        var set = Planted.Classes(120, 4, 3, distance: 0.8);
        var linear = (Quick with { Hidden = [], BatchSize = 1000, Epochs = 400, LearningRate = 0.05, WeightDecay = 0, Schedule = LearningRateSchedule.Cosine() }).FitAndReport(set);
        var optimum = new LogisticRegression { L2 = 1e-9, Tolerance = 1e-6 }.FitAndReport(set);
        Assert.Equal(optimum.Report.Objective!.Value, linear.Report.Objective!.Value, 1e-3);
        Assert.Single(linear.Head.Layers);
    }

    [Fact]
    public void Learns_several_labels_a_row()
    {
        var set = Labelled(200);
        var head = Quick.Fit(set);
        Assert.Equal((HeadTask.Labels, 4), (head.Task, head.Outputs));
        var predicted = head.Predict(set.Rows);
        int right = Enumerable.Range(0, set.Count).Sum(i => Enumerable.Range(0, 3).Count(c => (predicted[i][c] > 0.5) == set.LabelSets[i].Contains(c)));
        Assert.InRange(right / 600.0, 0.9, 1);
        Assert.Equal(0, predicted.Values[3]);
        Assert.All(predicted.Values.Zip(ExportedHead.Predict(head, set.Rows)), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [Fact]
    public void Answers_with_a_quantile_where_one_is_asked_for()
    {
        var set = Planted.Values(400, 3);
        var trainer = Quick with { Hidden = [], Epochs = 200, LearningRate = 0.05, WeightDecay = 0, Schedule = LearningRateSchedule.Cosine() };
        foreach (double quantile in new[] { 0.1, 0.9 })
        {
            var predicted = (trainer with { Quantile = quantile }).Fit(set).Predict(set.Rows);
            double below = Enumerable.Range(0, set.Count).Average(i => set.Targets[i] <= predicted[i][0] ? 1.0 : 0);
            Assert.InRange(below, quantile - 0.03, quantile + 0.03);
        }

        Assert.Contains("Quantile = 1;", Assert.Throws<FitException>(() => (Quick with { Quantile = 1 }).Fit(set)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Predicts_several_values_in_their_own_units()
    {
        var set = Planted.Values(200, 5);
        double[] targets = [.. set.Targets.SelectMany(target => new[] { 1e12 * target, target / 1000 })];
        var (head, report) = Quick.FitAndReport(set with { Targets = targets, TargetNames = ["large", "small"] });
        Assert.Equal(["large", "small"], head.ValueNames);
        var predicted = head.Predict(set.Rows);
        double deviation = Math.Sqrt(set.Targets.Average(t => Math.Pow(t - set.Targets.Average(), 2)));
        for (int i = 0; i < set.Count; i++)
        {
            Assert.Equal(set.Targets[i], predicted[i][0] / 1e12, deviation);
            Assert.Equal(predicted[i][0] / 1e12, predicted[i][1] * 1000, deviation);
        }

        Assert.InRange(report.Objective!.Value, 0, 0.1);
    }

    [Fact]
    public void A_log_target_is_fitted_and_undone()
    {
        var set = Planted.Values(200, 4, unit: 0.3);
        var prices = set with { Targets = Array.ConvertAll(set.Targets, Math.Exp) };
        var head = (Quick with { LogTarget = true }).Fit(prices);
        Assert.Equal(Activation.Exponential, head.Activation);
        Assert.InRange(head.Evaluate(prices).Main, 0.8, 1);
        Assert.Equal(
            "row 3 (image3.png) has the target 0; LogTarget needs targets above 0: leave LogTarget out or remove the row",
            Assert.Throws<FitException>(() => (Quick with { LogTarget = true }).Fit(prices with { Targets = [.. prices.Targets.Select((t, i) => i == 3 ? 0 : t)] })).Message);
        Assert.Equal(
            "LogTarget is set, and the set holds no targets; expected a number per row, or LogTarget left out",
            Assert.Throws<FitException>(() => (Quick with { LogTarget = true }).Fit(Planted.Classes(6, 2, 2))).Message);
    }

    [Fact]
    public void Huber_errors_bear_outliers_better_than_squares()
    {
        var clean = Planted.Values(200, 3);
        var spoilt = clean with { Targets = [.. clean.Targets.Select((target, i) => i % 20 == 0 ? target + 200 : target)] };
        var trainer = Quick with { Hidden = [], BatchSize = 1000, LearningRate = 0.02, Epochs = 150, WeightDecay = 0 };
        double Error(MultilayerPerceptron t) => t.Fit(spoilt).Predict(clean.Rows).Values.Zip(clean.Targets, (a, b) => Math.Abs(a - b)).Average();
        Assert.InRange(Error(trainer with { HuberDelta = 0.05 }), 0, 0.2 * Error(trainer));
    }

    [Fact]
    public void Epochs_are_chosen_on_held_out_rows_and_all_are_fitted_again()
    {
        var set = Planted.Classes(200, 20, 3, distance: 0.3);
        var trainer = Quick with { Epochs = null, Search = new EpochSearch { Maximum = 40, Patience = 4 } };
        var (head, report) = trainer.FitAndReport(set);
        int best = (int)report.Chosen!.Value;
        Assert.Equal("epochs", report.Chosen.Name);
        Assert.Equal(report.Path.MinBy(trial => trial.Score)!.Setting, report.Chosen);
        Assert.Equal(best + 4, report.Path.Count);
        Assert.Equal((200, best), (report.Rows, report.Iterations));
        Assert.Equal("epochs chosen on 40 of 200 rows held out of the fit (seed 0); the final fit uses all", Assert.Single(report.Notes));
        Assert.Equal(head.Predict(set.Rows).Values, trainer.Frozen(report).Fit(set).Predict(set.Rows).Values);
    }

    [Fact]
    public void Without_a_second_fit_the_best_epochs_weights_are_restored()
    {
        var set = Planted.Classes(200, 20, 3, distance: 0.3);
        set = set with { Splits = [.. Enumerable.Range(0, 200).Select(i => i % 4 == 0 ? Split.Validation : Split.Train)] };
        var (head, report) = (Quick with { Epochs = null, Search = new EpochSearch { Refit = false, Patience = 5 } }).FitAndReport(set);
        var validation = set.Of(Split.Validation);
        var predicted = head.Predict(validation.Rows);
        double loss = -Enumerable.Range(0, validation.Count).Average(i => Math.Log(predicted[i][validation.Labels[i]]));
        Assert.Equal(report.Path.Min(trial => trial.Score), loss, 1e-5);
        Assert.True(report.Path[^1].Score > loss);
        Assert.Equal(150, report.Rows);
        Assert.Equal("epochs chosen on 50 validation rows", Assert.Single(report.Notes));
    }

    [Fact]
    public void The_score_of_values_is_the_squared_error_in_their_unit()
    {
        var set = Planted.Values(120, 4, unit: 50);
        set = set with { Splits = [.. Enumerable.Range(0, 120).Select(i => i % 3 == 0 ? Split.Validation : Split.Train)] };
        var (head, report) = (Quick with { Epochs = null, Search = new EpochSearch { Maximum = 5, Refit = false } }).FitAndReport(set);
        var validation = set.Of(Split.Validation);
        double error = head.Predict(validation.Rows).Values.Zip(validation.Targets, (a, b) => (a - b) * (a - b)).Average();
        Assert.Equal(error, report.Path.Min(trial => trial.Score), 1e-4 * error);
    }

    [Fact]
    public void A_frozen_schedule_keeps_its_length()
    {
        var set = Planted.Classes(200, 20, 3, distance: 0.3);
        var trainer = Quick with { Epochs = null, Schedule = LearningRateSchedule.Cosine(), Search = new EpochSearch { Maximum = 20, Patience = 2 } };
        var (head, report) = trainer.FitAndReport(set);
        Assert.True(report.Chosen!.Value < 20);
        Assert.Equal(head.Predict(set.Rows).Values, trainer.Frozen(report).Fit(set).Predict(set.Rows).Values);
        Assert.Equal("Cosine(20, 0)", report.Settings["schedule"]);
    }

    [Theory]
    [InlineData(1e4)]
    [InlineData(1e30)]
    public void A_fit_that_diverges_says_so(double rate)
    {
        var trainer = Quick with { LearningRate = rate };
        string message = Assert.Throws<FitException>(() => trainer.Fit(Planted.Classes(90, 5, 3))).Message;
        Assert.Matches(
            "^the loss, [0-9.e+-]+ at first, is (NaN|Infinity|[0-9.e+]+) in epoch [0-9]+: the fit diverges at LearningRate = 1e\\+[0-9]+; expected a loss that falls: "
            + "take a smaller LearningRate, for example [0-9e+]+, or a schedule with WarmUp$", message);
    }

    [Fact]
    public void Seeds_decide_and_threads_do_not()
    {
        var set = Planted.Classes(300, 30, 4, distance: 0.5);
        var trainer = Quick with { Dropout = 0.3, Epochs = 3, Hidden = [64] };
        float[] one = trainer.Fit(set).Predict(set.Rows).Values;
        Assert.Equal(one, (trainer with { Threads = 3 }).Fit(set).Predict(set.Rows).Values);
        Assert.NotEqual(one, (trainer with { Seed = 1 }).Fit(set).Predict(set.Rows).Values);
    }

    [Fact]
    public void Few_rows_are_enough()
    {
        Assert.Equal(7, (Quick with { Epochs = null }).Fit(Planted.Values(1, 3) with { Targets = [7] }).Predict(new Matrix(1, 3)).Values[0], 1.0);
        foreach (int rows in new[] { 2, 3, 5, 20 })
        {
            var set = Planted.Classes(rows, 4, 2, distance: 4);
            var (head, report) = (Quick with { Epochs = null }).FitAndReport(set);
            Assert.Equal(1, head.Evaluate(set).Main);
            Assert.Equal(rows, report.Rows);
        }
    }

    [Fact]
    public void A_thousand_classes_of_one_row_each_are_learned()
    {
        var set = Planted.Classes(1000, 16, 1000, distance: 4);
        var (head, report) = (Quick with { Epochs = null, Hidden = [64], BatchSize = 250, Search = new EpochSearch { Fallback = 40 } }).FitAndReport(set);
        Assert.InRange(head.Evaluate(set).Main, 0.5, 1);
        Assert.Equal(
            "no epochs could be chosen: holding rows out would leave a class without any; epochs = 40 was taken (EpochSearch.Fallback)", Assert.Single(report.Notes));
    }

    [Fact]
    public void Classes_without_rows_are_never_predicted()
    {
        var set = Planted.Classes(60, 4, 3);
        var (head, report) = Quick.FitAndReport(set with { Labels = Array.ConvertAll(set.Labels, label => label == 0 ? 0 : 3), Classes = ["a", "b", "c", "d"] });
        Assert.Equal("2 classes have no rows; they are never predicted: 'b', 'c'", Assert.Single(report.Notes));
        var predicted = head.Predict(set.Rows);
        Assert.All(Enumerable.Range(0, 60), i => Assert.Equal(0, predicted[i][1] + predicted[i][2]));
    }

    [Fact]
    public void Rows_of_one_class_are_refused() =>
        Assert.Equal(
            "all 5 rows belong to the one class 'class1'; expected rows of at least two classes",
            Assert.Throws<FitException>(() => Quick.Fit(Planted.Classes(5, 3, 2) with { Labels = [1, 1, 1, 1, 1] })).Message);

    [Fact]
    public void Columns_that_say_nothing_give_the_mean()
    {
        var set = Planted.Values(40, 3).With((_, _, _) => 5);
        var head = (Quick with { Epochs = 60 }).Fit(set);
        Assert.Equal(set.Targets.Average(), head.Predict(set.Rows).Values[0], 0.3);
    }

    [Fact]
    public void Every_epoch_is_told_and_a_fit_can_be_cancelled_between_steps()
    {
        var set = Planted.Classes(60, 4, 3);
        var told = new List<FitProgress>();
        (Quick with { Epochs = 5 }).FitAndReport(set, told.Add);
        Assert.Equal(["final fit (5 epochs)"], told.Select(step => step.Stage).Distinct());
        Assert.Equal([1, 2, 3, 4, 5], told.Select(step => step.Iteration));
        Assert.True(told[^1].Objective < told[0].Objective);
        using var source = new CancellationTokenSource();
        told.Clear();
        Assert.ThrowsAny<OperationCanceledException>(() => Quick.FitAndReport(set, progress =>
        {
            told.Add(progress);
            if (told.Count == 2)
            {
                source.Cancel();
            }
        }, source.Token));
        Assert.Equal(2, told.Count);
    }

    [Theory]
    [InlineData("BatchSize = 0", "BatchSize")]
    [InlineData("LearningRate = 0", "LearningRate")]
    [InlineData("Dropout = 1", "Dropout")]
    [InlineData("Hidden = [8, 0]", "Hidden")]
    [InlineData("Patience = 0", "Patience")]
    [InlineData("Momentum = 1", "Momentum")]
    [InlineData("the schedule Step(0, 0.1) makes no sense", "Schedule")]
    public void Settings_that_make_no_sense_are_refused(string found, string which)
    {
        var trainer = which switch
        {
            "BatchSize" => Quick with { BatchSize = 0 },
            "LearningRate" => Quick with { LearningRate = 0 },
            "Dropout" => Quick with { Dropout = 1 },
            "Hidden" => Quick with { Hidden = [8, 0] },
            "Patience" => Quick with { Search = new EpochSearch { Patience = 0 } },
            "Momentum" => Quick with { Optimizer = new Sgd { Momentum = 1 } },
            _ => Quick with { Schedule = LearningRateSchedule.Step(0) },
        };
        string message = Assert.Throws<FitException>(() => trainer.Fit(Planted.Classes(6, 2, 2))).Message;
        Assert.Contains(found, message, StringComparison.Ordinal);
        Assert.Contains("expected", message, StringComparison.Ordinal);
    }

    [Fact]
    public void First_weights_are_drawn_as_torch_nn_linear_draws_them()
    {
        var layers = PerceptronGraph.Initial([100, 50, 3], column => column >= 64, new SeededRandom(1));
        Assert.Equal([(100, 50), (50, 3)], layers.Select(layer => (layer.Inputs, layer.Outputs)));
        float[] used = [.. layers[0].Weights.Where((_, i) => i % 100 < 64)];
        Assert.All(layers[0].Weights.Where((_, i) => i % 100 >= 64), weight => Assert.Equal(0, weight));
        Assert.All([.. used, .. layers[0].Bias], weight => Assert.InRange(weight, -0.125f, 0.125f));
        Assert.InRange(used.Max(), 0.12f, 0.125f);
        Assert.Equal(0, used.Average(), 0.005f);
    }

    // Label c where column c is above 0; label 3 on no row.
    private static EmbeddingSet Labelled(int rows)
    {
        var set = Planted.Values(rows, 5);
        return set with
        {
            Targets = [], Classes = ["a", "b", "c", "d"],
            LabelSets = [.. Enumerable.Range(0, rows).Select(i => Enumerable.Range(0, 3).Where(c => set.Rows[i][c] > 0).ToArray())],
        };
    }
}
