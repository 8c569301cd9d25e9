using System.Diagnostics;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Evaluation;

/// <summary>Repeated k-fold cross-validation of a trainer, whatever it chooses on the way (its L2, say) chosen inside each fold.</summary>
public static class CrossValidation
{
    /// <summary>Fits on all folds but one and measures on that one, for each fold, anew for each repetition.</summary>
    /// <param name="trainer">What to fit.</param>
    /// <param name="set">N x D embeddings with labels or targets.</param>
    /// <param name="folds">Folds per repetition, at least 2.</param>
    /// <param name="repeats">Repetitions, each with folds of its own.</param>
    /// <param name="seed">Repetition r uses folds of seed + r.</param>
    /// <param name="progress">Is told of each fold as it is done; null: nobody.</param>
    /// <param name="cancellation">Ends the work with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FitException">There are fewer groups (or rows) than folds, or the set cannot be learned from.</exception>
    public static CrossValidationScores Run(
        IHeadTrainer trainer, EmbeddingSet set, int folds = 5, int repeats = 1, long seed = 0,
        Action<FoldScores>? progress = null, CancellationToken cancellation = default)
    {
        if (repeats < 1)
        {
            throw new FitException($"{repeats} repetitions; expected at least 1");
        }

        var results = new List<FoldScores>();
        for (int repeat = 0; repeat < repeats; repeat++)
        {
            foreach (var (index, fold) in Folds.Make(set, folds, seed + repeat).Index())
            {
                var clock = Stopwatch.StartNew();
                var (head, report) = trainer.FitAndReport(set.Subset(fold.Train), null, cancellation);
                var scores = head.Evaluate(set.Subset(fold.Test), seed);
                results.Add(new FoldScores(repeat, index, fold.Train.Length, report.Chosen, scores, clock.Elapsed.TotalSeconds));
                progress?.Invoke(results[^1]);
            }
        }

        return new CrossValidationScores { Folds = results };
    }
}
