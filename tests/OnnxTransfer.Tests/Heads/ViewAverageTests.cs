using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Tests.Heads;

/// <summary>Answers averaged over views, and heads fitted on views and on mixed rows.</summary>
public class ViewAverageTests
{
    private static readonly EmbeddingSet Set = Planted.Classes(60, 4, 3);

    [Fact]
    public void The_answer_is_the_mean_of_the_answers()
    {
        var head = new RidgeRegression { L2 = 1e-2 }.Fit(Planted.Values(40, 4));
        var (first, second) = (Set.With((_, column, value) => value + column), Set.With((row, _, value) => value - row));

        var mean = head.Predict(Set.Rows, [first.Rows, second.Rows]);

        var (plain, a, b) = (head.Predict(Set.Rows), head.Predict(first.Rows), head.Predict(second.Rows));
        for (int i = 0; i < Set.Count; i++)
        {
            Assert.Equal((plain[i][0] + a[i][0] + b[i][0]) / 3, mean[i][0], 1e-4f);
        }
    }

    [Fact]
    public void No_views_and_views_like_the_image_change_no_answer()
    {
        var head = new LogisticRegression { L2 = 1e-2 }.Fit(Set);

        Assert.Equal(head.Predict(Set.Rows).Values, head.Predict(Set.Rows, []).Values);
        var scores = (ClassificationScores)head.Evaluate(Set, [Set, Set, Set], 1);
        Assert.Equal(((ClassificationScores)head.Evaluate(Set, 1)).LogLoss, scores.LogLoss, 1e-6);
        Assert.Equal(60, scores.Count);
    }

    [Fact]
    public void Views_of_other_items_are_refused()
    {
        var head = new LogisticRegression { L2 = 1e-2 }.Fit(Set);

        var error = Assert.Throws<ArgumentException>(() => head.Evaluate(Set, [Set, Set.Subset([0, 1])]));
        Assert.Contains("view 2 has 2 rows, the plain set 60; expected the same items in the same order", error.Message);
    }

    [Fact]
    public void A_perceptron_on_mixed_rows_learns_them_and_is_the_same_twice()
    {
        var trainer = new MultilayerPerceptron { Epochs = 30, Hidden = [16], Dropout = 0, LearningRate = 1e-2, Mixup = 0.3, Seed = 2 };
        var head = trainer.Fit(Set);

        Assert.Equal(head.Predict(Set.Rows).Values, trainer.Fit(Set).Predict(Set.Rows).Values);
        Assert.NotEqual(head.Predict(Set.Rows).Values, (trainer with { Mixup = 0 }).Fit(Set).Predict(Set.Rows).Values);
        Assert.True(head.EvaluateClasses(Set).Accuracy > 0.8);
        Assert.Equal("0.3", trainer.FitAndReport(Set).Report.Settings["mixup"]);
        Assert.Contains("Mixup = -1", Assert.Throws<FitException>(() => (trainer with { Mixup = -1 }).Fit(Set)).Message);
    }

    [Fact]
    public void One_row_mixed_with_itself_is_itself()
    {
        // One row can only be mixed with itself, whatever the shares: the fit is that without mixup.
        var one = Planted.Values(1, 3);
        var trainer = new MultilayerPerceptron { Epochs = 5, Hidden = [4], Dropout = 0, Mixup = 0.3 };

        var (mixed, plain) = (trainer.Fit(one).Predict(one.Rows)[0][0], (trainer with { Mixup = 0 }).Fit(one).Predict(one.Rows)[0][0]);
        Assert.Equal(plain, mixed, 1e-4f);
    }
}
