using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>The head that training begins with: the optimum on the frozen embeddings, as a layer for standardised embeddings and targets.</summary>
internal static class HeadFirst
{
    /// <summary>Fits it on the train rows; an L2 that is not given is chosen on the validation rows.</summary>
    /// <param name="settings">Its penalty, and whether targets are logarithms.</param>
    /// <param name="marked">All rows, validation marked.</param>
    /// <param name="train">The rows to fit on.</param>
    /// <param name="cancellation">Ends the fit.</param>
    public static HeadFit<IHead> Fit(FineTuning settings, EmbeddingSet marked, EmbeddingSet train, CancellationToken cancellation)
    {
        long seed = settings.Training.Seed;
        var logistic = new LogisticRegression { L2 = settings.L2 };
        var ridge = new RidgeRegression { L2 = settings.L2, LogTarget = settings.LogTarget };
        IHeadTrainer trainer = train.IsRegression
            ? ridge with { Search = ridge.Search with { HeldOut = settings.HeldOut, Seed = seed } }
            : logistic with { Search = logistic.Search with { HeldOut = settings.HeldOut, Seed = seed } };
        if (trainer.Chooses)
        {
            trainer = trainer.Frozen(trainer.FitAndReport(marked, null, cancellation).Report);
        }

        return trainer.FitAndReport(train, null, cancellation);
    }

    /// <summary>W x + b of raw embeddings as the layer that gives the training's outputs for standardised ones.</summary>
    public static DenseLayer Layer(LinearHead head, Standardisation standardisation, PerceptronTargets targets)
    {
        int width = head.Width;
        int[] rows = targets.Present.Length > 0 ? targets.Present : [.. Enumerable.Range(0, head.Outputs)];
        var weights = new float[rows.Length * width];
        var bias = new float[rows.Length];
        for (int c = 0; c < rows.Length; c++)
        {
            var (centre, spread) = targets.Unit(c);
            double shift = head.Bias[rows[c]] - centre;
            for (int j = 0; j < width; j++)
            {
                double weight = head.Weights[(rows[c] * width) + j], scale = standardisation.Scale[j];
                weights[(c * width) + j] = scale == 0 ? 0 : (float)(weight / scale / spread);
                shift += weight * standardisation.Mean[j];
            }

            bias[c] = (float)(shift / spread);
        }

        return new(weights, bias);
    }
}
