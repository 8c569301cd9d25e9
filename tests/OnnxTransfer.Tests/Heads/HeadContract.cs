using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Tests.Heads;

/// <summary>What every head must do, whatever it learns; a trainer's test class says which trainer and inherits the facts.</summary>
public abstract class HeadContract
{
    protected abstract IHeadTrainer Trainer { get; }

    /// <summary>The trainer at a given penalty: nothing is held out.</summary>
    protected abstract IHeadTrainer Fixed { get; }

    /// <summary>A set that can be learned, of so many rows and columns.</summary>
    internal abstract EmbeddingSet Learnable(int rows, int width, long seed = 1);

    /// <summary>A set that knows its classes or targets but holds no rows.</summary>
    internal abstract EmbeddingSet NoRows();

    /// <summary>The score of guessing.</summary>
    protected abstract double Chance { get; }

    [Fact]
    public void Beats_chance_on_fresh_rows()
    {
        var scores = Trainer.Fit(Learnable(240, 12)).Evaluate(Learnable(240, 12, seed: 2));
        Assert.InRange(scores.Main, Chance + 0.3, 1);
    }

    [Fact]
    public void Fitted_twice_is_the_same_to_the_bit()
    {
        var set = Learnable(150, 9);
        Assert.Equal(Trainer.Fit(set).Predict(set.Rows).Values, Trainer.Fit(set).Predict(set.Rows).Values);
    }

    [Fact]
    public void Predicts_one_row_as_among_many()
    {
        var set = Learnable(131, 9);
        var head = Trainer.Fit(set);
        var many = head.Predict(set.Rows);
        Assert.Equal((set.Count, head.Outputs), (many.Count, many.Width));
        var one = new float[head.Outputs];
        for (int i = 0; i < set.Count; i++)
        {
            head.Predict(set.Rows[i], one);
            Assert.Equal(many[i].ToArray(), one);
        }
    }

    [Theory]
    [InlineData(7)]
    [InlineData(11)]
    [InlineData(13)]
    [InlineData(18)]
    [InlineData(21)]
    public virtual void Exported_to_onnx_it_predicts_the_same(int opset)
    {
        Assert.Null(Trainer.WhyNotExported);
        var set = Learnable(70, 9);
        var head = Trainer.Fit(set);
        float[] managed = head.Predict(set.Rows).Values, exported = ExportedHead.Predict(head, set.Rows, opset);
        Assert.Equal(managed.Length, exported.Length);
        Assert.All(managed.Zip(exported), pair => Assert.Equal(pair.First, pair.Second, 1e-5f * Math.Max(1, Math.Abs(pair.First))));
    }

    [Fact]
    public void Says_what_it_answers()
    {
        var set = Learnable(60, 4);
        Assert.True(Trainer.Takes(set.IsRegression ? HeadTask.Values : HeadTask.Classes));
        var head = Trainer.Fit(set);
        Assert.Equal(set.IsRegression ? HeadTask.Values : HeadTask.Classes, head.Task);
        Assert.Equal(set.Classes, head.Classes);
        Assert.Equal(head.Outputs, head.Classes.Count + head.ValueNames.Count);
        Assert.Equal((4, true), (head.Width, Trainer.Kind.Length > 0));
    }

    [Fact]
    public void Probabilities_sum_to_1_and_all_is_finite()
    {
        var set = Learnable(90, 7);
        var predicted = Trainer.Fit(set).Predict(set.Rows);
        Assert.All(predicted.Values, value => Assert.True(float.IsFinite(value)));
        if (!set.IsRegression)
        {
            Assert.All(Enumerable.Range(0, predicted.Count), i => Assert.Equal(1, predicted[i].ToArray().Sum(), 1e-5f));
            Assert.All(predicted.Values, value => Assert.InRange(value, 0, 1));
        }
    }

    [Fact]
    public void Fixed_at_what_a_fit_chose_it_gives_the_same_head()
    {
        var set = Learnable(100, 5);
        var (head, report) = Trainer.FitAndReport(set);
        float[] again = Trainer.Frozen(report).Fit(set).Predict(set.Rows).Values;
        Assert.All(head.Predict(set.Rows).Values.Zip(again), pair => Assert.Equal(pair.First, pair.Second, 2e-2f * Math.Max(1, Math.Abs(pair.First))));
    }

    [Fact]
    public void Fixed_at_what_a_fit_chose_it_chooses_nothing()
    {
        var report = Trainer.FitAndReport(Learnable(60, 4)).Report;
        Assert.Equal((false, false), (Trainer.Frozen(report).Chooses, Fixed.Chooses));
    }

    [Fact]
    public void Learns_from_a_single_column() =>
        Assert.InRange(Trainer.Fit(Learnable(300, 1)).Evaluate(Learnable(300, 1, seed: 2)).Main, Chance + 0.15, 1);

    [Fact]
    public void Learns_from_fewer_rows_than_columns()
    {
        var set = Learnable(20, 50);
        Assert.InRange(Fixed.Fit(set).Evaluate(set).Main, Chance + 0.3, 1);
        Assert.All(Trainer.Fit(set).Predict(set.Rows).Values, value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void A_constant_column_changes_no_prediction()
    {
        var set = Learnable(90, 6);
        var wider = new Matrix(set.Count, 7);
        for (int i = 0; i < set.Count; i++)
        {
            set.Rows[i].CopyTo(wider.Row(i));
            wider.Row(i)[6] = 0.1f;
        }

        float[] without = Trainer.Fit(set).Predict(set.Rows).Values, with = Trainer.Fit(set with { Rows = wider }).Predict(wider).Values;
        Assert.All(without.Zip(with), pair => Assert.Equal(pair.First, pair.Second, 1e-3f * Math.Max(1, Math.Abs(pair.First))));
    }

    [Fact]
    public virtual void A_weight_of_2_is_a_row_twice_and_a_weight_of_0_no_row()
    {
        var set = Learnable(80, 5);
        double[] weights = [.. Enumerable.Range(0, 80).Select(i => (double)(i / 3 % 3))];
        int[] repeated = [.. Enumerable.Range(0, 80).SelectMany(i => Enumerable.Repeat(i, i / 3 % 3))];
        float[] weighted = Fixed.Fit(set with { Weights = weights }).Predict(set.Rows).Values;
        float[] twice = Fixed.Fit(set.Subset(repeated)).Predict(set.Rows).Values;
        Assert.All(weighted.Zip(twice), pair => Assert.Equal(pair.First, pair.Second, 1e-3f * Math.Max(1, Math.Abs(pair.First))));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void An_embedding_that_is_not_finite_is_named(float bad)
    {
        var set = Learnable(40, 4).With((i, j, value) => i >= 17 && j == 2 ? bad : value);
        string message = Assert.Throws<FitException>(() => Trainer.Fit(set)).Message;
        Assert.Equal(
            "the embedding of row 17 (image17.png) holds a NaN or infinite value; expected finite numbers: " +
            "look at the image, its number columns, or a backbone run at too low a precision", message);
    }

    [Fact]
    public void No_rows_are_refused() =>
        Assert.Contains("there are no rows to fit on", Assert.Throws<FitException>(
            () => Trainer.Fit(NoRows())).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    public void An_unusable_weight_is_named(double bad)
    {
        var set = Learnable(10, 3) with { Weights = [1, 1, bad, 1, 1, 1, 1, 1, 1, 1] };
        Assert.Equal(
            $"row 2 (image2.png) has the weight {bad}; expected a finite number of at least 0",
            Assert.Throws<FitException>(() => Trainer.Fit(set)).Message);
    }

    [Fact]
    public void Embeddings_of_another_width_are_refused()
    {
        var head = Trainer.Fit(Learnable(40, 4));
        string message = Assert.Throws<ArgumentException>(() => head.Predict(new Matrix(2, 5))).Message;
        Assert.Contains("the embeddings are 5 wide; this head was fitted on 4", message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => head.Predict(new float[4], new float[head.Outputs + 1]));
    }

    [Fact]
    public void A_fit_can_be_cancelled()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => Trainer.Fit(Learnable(40, 4), source.Token));
    }
}
