using System.Text.Json;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;
using OnnxTransfer.Inference;
using OnnxTransfer.Numerics;
using OnnxTransfer.Tests.Numerics;

namespace OnnxTransfer.Tests.Heads;

public sealed class LogisticRegressionTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Reaches_scikit_learns_optimum(int number)
    {
        var golden = GoldenFile.Read("Heads", "logistic.json");
        JsonElement reference = golden.GetProperty("cases")[number];
        var set = new EmbeddingSet
        {
            Rows = new Matrix(500, 20, golden.Floats("x")),
            Labels = golden.Integers("labels"),
            Classes = ["a", "b", "c", "d"],
            Weights = reference.Doubles("weights"),
        };
        var (head, report) = new LogisticRegression
        {
            L2 = reference.Double("l2"),
            Standardise = reference.GetProperty("standardise").GetBoolean(),
            Tolerance = 1e-8,
        }.FitAndReport(set);
        Assert.True(report.Converged, report.ToString());
        Assert.Equal(reference.Double("objective"), report.Objective!.Value, 1e-6 * report.Objective.Value);
        double[] coefficients = reference.Doubles("coefficients"), intercepts = reference.Doubles("intercepts");
        Assert.All(coefficients.Zip(head.Weights), pair => Assert.Equal(pair.First, pair.Second, 2e-4));
        Assert.All(intercepts.Zip(head.Bias), pair => Assert.Equal(pair.First, pair.Second, 1e-3));
    }

    [Fact]
    public void Probabilities_sum_to_1_and_classes_travel_in_their_order()
    {
        var set = Planted.Classes(200, 8, 5);
        var head = new LogisticRegression().Fit(set);
        Assert.Equal(set.Classes, head.Classes);
        Assert.Equal(Activation.Softmax, head.Activation);
        var probabilities = head.Predict(set.Rows);
        for (int i = 0; i < set.Count; i++)
        {
            Assert.Equal(1, probabilities[i].ToArray().Sum(value => (double)value), 1e-6);
        }
    }

    [Fact]
    public void The_number_of_threads_changes_no_bit()
    {
        var set = Planted.Classes(1500, 30, 4, distance: 0.5);
        var one = new LogisticRegression { Threads = 1 }.Fit(set);
        var three = new LogisticRegression { Threads = 3 }.Fit(set);
        Assert.Equal(one.Weights, three.Weights);
        Assert.Equal(one.Bias, three.Bias);
    }

    [Fact]
    public void Without_an_L2_a_held_out_part_decides()
    {
        var report = new LogisticRegression().FitAndReport(Planted.Classes(300, 20, 3, distance: 0.4)).Report;
        Assert.Equal(report.Path.MinBy(trial => trial.Score)!.Setting.Value, report.Chosen!.Value);
        Assert.Equal(report.Path.Select(trial => trial.Setting.Value).OrderDescending(), report.Path.Select(trial => trial.Setting.Value));
        Assert.InRange(report.Path.Count, 4, 15);
        Assert.Equal(300, report.Rows);
        Assert.Equal("L2 chosen on 60 of 300 rows held out of the fit (seed 0); the final fit uses all", report.Notes[0]);
    }

    [Fact]
    public void Rows_marked_validation_decide_where_there_are_any()
    {
        var set = Planted.Classes(300, 20, 3, distance: 0.4);
        Array.Fill(set.Splits, Split.Validation, 200, 100);
        var report = new LogisticRegression().FitAndReport(set).Report;
        Assert.Equal("L2 chosen on 100 validation rows; the final fit uses all rows", report.Notes[0]);

        // the score of a trial is the log loss of a head fitted on the other rows alone
        var trial = report.Path[3];
        var head = new LogisticRegression { L2 = trial.Setting.Value }.Fit(set.Subset([.. Enumerable.Range(0, 200)]));
        double expected = head.EvaluateClasses(set.Subset([.. Enumerable.Range(200, 100)])).LogLoss;
        Assert.Equal(expected, trial.Score, 0.01);
    }

    [Fact]
    public void A_path_ends_when_weaker_penalties_have_long_been_worse()
    {
        var noise = Planted.Classes(120, 60, 3, distance: 0);
        var report = new LogisticRegression { Search = new L2Search { Patience = 2 } }.FitAndReport(noise).Report;
        int best = report.Path.ToList().FindIndex(trial => trial.Setting.Value == report.Chosen!.Value);
        Assert.Equal(best + 3, report.Path.Count);
        Assert.Contains(report.Notes, note => best > 0 || note.Contains("strongest value tried: a stronger one (L2Search.Maximum) may be better", StringComparison.Ordinal));
    }

    [Fact]
    public void A_class_of_one_row_keeps_it_in_the_fit()
    {
        var set = Planted.Classes(40, 4, 2) with { Classes = ["a", "b", "rare"] };
        set.Labels[7] = 2;
        var report = new LogisticRegression().FitAndReport(set).Report;
        Assert.NotEmpty(report.Path);
        Assert.StartsWith("L2 chosen on", report.Notes[0], StringComparison.Ordinal);
    }

    [Fact]
    public void One_row_per_class_falls_back_to_a_stated_L2()
    {
        var set = Planted.Classes(3, 4, 3);
        var (head, report) = new LogisticRegression().FitAndReport(set);
        Assert.Empty(report.Path);
        Assert.Equal(1e-2, report.Chosen!.Value);
        Assert.Equal(
            "no L2 could be chosen: holding rows out would leave a class without any; L2 = 0.01 was taken (L2Search.Fallback)",
            Assert.Single(report.Notes));
        Assert.Equal(1, head.Evaluate(set).Main);
    }

    [Fact]
    public void Groups_stay_on_one_side_when_rows_are_held_out()
    {
        // Every group holds one row of each class, so that 20 % of the groups are 20 % of the rows.
        var set = Planted.Classes(90, 4, 3) with { Groups = [.. Enumerable.Range(0, 90).Select(i => $"object{i / 9}")] };
        var holdout = Holdout.Make(set, new L2Search());
        Assert.Equal(18, holdout.Validation!.Count);
        Assert.Empty(holdout.Validation.Groups.Intersect(holdout.Fit.Groups));
        Assert.Contains("groups kept whole", Assert.Single(holdout.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_class_without_rows_is_never_predicted_and_noted()
    {
        var set = Planted.Classes(60, 4, 2) with { Classes = ["a", "b", "unseen"] };
        var (head, report) = new LogisticRegression { L2 = 1e-2 }.FitAndReport(set);
        Assert.Equal("class 'unseen' has no rows; it is never predicted", Assert.Single(report.Notes));
        var probabilities = head.Predict(set.Rows);
        Assert.All(Enumerable.Range(0, 60), i => Assert.Equal(0, probabilities[i][2]));
    }

    [Fact]
    public void Many_classes_without_rows_share_a_note()
    {
        var set = Planted.Classes(60, 4, 2) with { Classes = ["a", "b", "c", "d", "e", "f", "g", "h"] };
        Assert.Equal(
            "6 classes have no rows; they are never predicted: 'c', 'd', 'e', 'f', 'g' and 1 more",
            Assert.Single(new LogisticRegression { L2 = 1e-2 }.FitAndReport(set).Report.Notes));
    }

    [Fact]
    public void A_class_whose_rows_weigh_nothing_has_no_rows()
    {
        var set = Planted.Classes(60, 4, 3);
        var (head, report) = new LogisticRegression().FitAndReport(set with { Weights = Array.ConvertAll(set.Labels, c => c == 0 ? 0.0 : 1) });
        Assert.Equal("class 'class0' has no rows; it is never predicted", report.Notes[0]);
        Assert.Equal(40, report.Rows);
        Assert.Equal(0, head.Predict(set.Rows)[0][0]);
    }

    [Fact]
    public void One_class_only_is_refused()
    {
        var set = Planted.Classes(5, 3, 2) with { Labels = [1, 1, 1, 1, 1] };
        Assert.Equal(
            "all 5 rows belong to the one class 'class1'; expected rows of at least two classes",
            Assert.Throws<FitException>(() => new LogisticRegression().Fit(set)).Message);
    }

    [Theory]
    [InlineData(-1, "; expected 0 to 1, an index into the 2 classes: rows without a label cannot be fitted on")]
    [InlineData(2, "; expected 0 to 1, an index into the 2 classes")]
    public void A_label_out_of_range_is_named(int label, string rest)
    {
        var set = Planted.Classes(5, 3, 2);
        set.Labels[3] = label;
        Assert.Equal(
            $"row 3 (image3.png) has the label {label}{rest}",
            Assert.Throws<FitException>(() => new LogisticRegression().Fit(set)).Message);
    }

    [Fact]
    public void Targets_are_refused() =>
        Assert.Equal(
            "the set holds targets, not labels; fit a regression head such as RidgeRegression",
            Assert.Throws<FitException>(() => new LogisticRegression().Fit(Planted.Values(5, 2))).Message);

    [Fact]
    public void Equal_rows_of_different_labels_get_equal_probabilities()
    {
        var set = Planted.Classes(40, 3, 2).With((_, j, _) => j + 0.5);
        var probabilities = new LogisticRegression { L2 = 1e-4 }.Fit(set).Predict(set.Rows);
        Assert.All(probabilities.Values, value => Assert.Equal(0.5f, value, 1e-5f));
    }

    [Fact]
    public void Separable_rows_with_hardly_any_penalty_stay_finite()
    {
        var set = Planted.Classes(60, 10, 3, distance: 20);
        var (head, report) = new LogisticRegression { L2 = 1e-12 }.FitAndReport(set);
        Assert.All(head.Weights, weight => Assert.True(float.IsFinite(weight)));
        Assert.Equal(1, head.Evaluate(set).Main);
        Assert.InRange(report.Objective!.Value, 0, 1e-3);
    }

    [Fact]
    public void Columns_far_from_0_are_learned_as_well_as_centred_ones()
    {
        var set = Planted.Classes(200, 3, 2, distance: 0.7);
        var far = set.With((_, j, value) => (value * 3) + (j == 1 ? 2000 : 0));
        var trainer = new LogisticRegression { L2 = 1e-3 };
        Assert.Equal(trainer.Fit(set).Evaluate(set).Main, trainer.Fit(far).Evaluate(far).Main, 0.011);
    }

    [Fact]
    public void Progress_tells_stage_and_falling_objective()
    {
        var told = new List<FitProgress>();
        new LogisticRegression { L2 = 1e-3 }.FitAndReport(Planted.Classes(100, 5, 3), told.Add);
        Assert.All(told, step => Assert.Equal("final fit (L2 0.001)", step.Stage));
        Assert.True(told.Count > 3 && told[^1].Objective < told[0].Objective);
        Assert.Equal(Enumerable.Range(0, told.Count), told.Select(step => step.Iteration));
    }

    [Fact]
    public void Too_few_iterations_are_told()
    {
        var report = new LogisticRegression { L2 = 1e-3, MaxIterations = 3 }.FitAndReport(Planted.Classes(100, 5, 3)).Report;
        Assert.False(report.Converged);
        Assert.StartsWith("MaxIterations = 3 was reached at ", Assert.Single(report.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_that_make_no_sense_are_refused()
    {
        var set = Planted.Classes(10, 2, 2);
        Assert.Equal(
            "L2 = -1; expected a finite number of at least 0, or null to have it chosen",
            Assert.Throws<FitException>(() => new LogisticRegression { L2 = -1 }.Fit(set)).Message);
        Assert.Contains("MaxIterations = 0", Assert.Throws<FitException>(
            () => new LogisticRegression { MaxIterations = 0 }.Fit(set)).Message, StringComparison.Ordinal);
        Assert.Contains("describes no path", Assert.Throws<FitException>(
            () => new LogisticRegression { Search = new L2Search { Minimum = 0 } }.Fit(set)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)] // hardly any penalty
    public void Rows_that_a_line_tells_apart_are_fitted_beyond_float32(int number)
    {
        var golden = GoldenFile.Read("Heads", "separable.json");
        JsonElement reference = golden.GetProperty("cases")[number];
        var rows = new Matrix(500, 20, GoldenFile.Read("Heads", "logistic.json").Floats("x"));
        var all = new EmbeddingSet { Rows = rows, Labels = new int[500], Classes = ["a", "b", "c"] };
        var set = all.Subset(golden.Integers("rows")) with { Labels = golden.Integers("labels") };
        var report = new LogisticRegression { L2 = reference.Double("l2"), Tolerance = 1e-7 }.FitAndReport(set).Report;
        Assert.True(report.Converged, report.ToString());
        Assert.Equal(reference.Double("objective"), report.Objective!.Value, 1e-6 * report.Objective.Value);
    }

    [Fact]
    public void Steps_in_float64_are_counted_on()
    {
        var told = new List<FitProgress>();
        var report = new LogisticRegression { L2 = 1e-3, Tolerance = 1e-9 }.FitAndReport(Planted.Classes(100, 5, 3, distance: 0.5), told.Add).Report;
        Assert.Equal(Enumerable.Range(0, report.Iterations + 1), told.Select(step => step.Iteration));
    }

    [Fact]
    public void Separable_rows_without_a_penalty_are_noted_and_finite()
    {
        var (head, report) = new LogisticRegression { L2 = 0 }.FitAndReport(Planted.Classes(60, 10, 3, distance: 20));
        Assert.Equal(
            "the classes can be told apart without a single error, so that at L2 = 0 the objective has no minimum and its weights " +
            "have no bound: where the fit ended is chance; expected an L2 above 0, for example 1e-6", Assert.Single(report.Notes));
        Assert.All(head.Weights, weight => Assert.True(float.IsFinite(weight)));
        Assert.Empty(new LogisticRegression { L2 = 0 }.FitAndReport(Planted.Classes(200, 2, 2, distance: 0.1)).Report.Notes);
    }

    [Fact]
    public void The_fields_45_values_are_scikit_learns_C_on_each_set_of_rows()
    {
        var set = Planted.Classes(100, 8, 2, distance: 0.3);
        Array.Fill(set.Splits, Split.Validation, 60, 40);
        var (head, report) = new LogisticRegression { Search = L2Search.Field }.FitAndReport(set);
        Assert.Equal(45, report.Path.Count);
        for (int i = 0; i < 45; i++)
        {
            double lambda = Math.Pow(10, 5 - (11.0 * i / 44)); // numpy.logspace(5, -6, 45)
            Assert.Equal(lambda / 100, report.Path[i].Setting.Value, 1e-9 * lambda);
        }

        // The chosen one: its score is that of a fit of 60 rows at lambda / 60, and the head that of 100 rows at lambda / 100.
        var best = report.Path.MinBy(trial => trial.Score)!;
        Assert.Equal(best.Setting, report.Chosen);
        var part = new LogisticRegression { L2 = best.Setting.Value * 100 / 60 }.Fit(set.Subset([.. Enumerable.Range(0, 60)]));
        Assert.Equal(best.Score, part.EvaluateClasses(set.Subset([.. Enumerable.Range(60, 40)])).LogLoss, 2e-3);
        Assert.Equal(new LogisticRegression { L2 = best.Setting.Value }.Fit(set).Weights, head.Weights, (a, b) => Math.Abs(a - b) < 2e-2);
        Assert.InRange(new LogisticRegression { Search = L2Search.Field with { Patience = 3 } }.FitAndReport(set).Report.Path.Count, 4, 44);
    }

    [Fact]
    public void A_thousand_classes_of_one_row_each_are_learned()
    {
        var set = Planted.Classes(1000, 16, 1000);
        var (head, report) = new LogisticRegression().FitAndReport(set);
        Assert.StartsWith("no L2 could be chosen: holding rows out would leave a class without any", report.Notes[0], StringComparison.Ordinal);
        Assert.InRange(head.Evaluate(set).Main, 0.5, 1);
    }

    [Fact]
    public void A_fit_needs_no_memory_that_grows_with_the_rows_but_a_few_bytes_each()
    {
        const int Rows = 40_000, Width = 24;
        long Allocated(int rows)
        {
            var set = Planted.Classes(rows, Width, 3, distance: 0.5);
            var trainer = new LogisticRegression { L2 = 1e-2, Threads = 1, MaxIterations = 5 };
            long before = GC.GetAllocatedBytesForCurrentThread();
            trainer.Fit(set);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.InRange((Allocated(4 * Rows) - Allocated(Rows)) / (3.0 * Rows), 0, 16); // a row has 96
    }

    [Fact]
    public void Without_CUDA_a_fit_on_a_GPU_is_refused()
    {
        if (!ProviderCheck.Of(ExecutionProvider.Cuda).Works)
        {
            var set = Planted.Classes(30, 3, 2);
            Assert.Throws<ProviderException>(() => new LogisticRegression { Provider = ExecutionProvider.Cuda }.Fit(set));
            var (head, report) = new LogisticRegression { L2 = 1e-2, Provider = ExecutionProvider.Auto }.FitAndReport(set);
            Assert.Equal(new LogisticRegression { L2 = 1e-2 }.Fit(set).Weights, head.Weights);
            Assert.NotEmpty(Assert.Single(report.Notes));
        }
    }
}
