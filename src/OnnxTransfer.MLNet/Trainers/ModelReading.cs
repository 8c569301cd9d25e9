using Microsoft.ML.Data;
using Microsoft.ML.Trainers;
using Microsoft.ML.Trainers.FastTree;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.MLNet;

/// <summary>Reads scores out of what ML.NET's trainers made. What was learned of standardised columns is folded into raw ones.</summary>
internal static class ModelReading
{
    /// <summary>Scores of models with one number each; null stands for a class without rows.</summary>
    public static IScores Single(IReadOnlyList<ModelOutput?> outputs, int width, Standardisation? standardisation) =>
        outputs.First(output => output is not null)!.Model switch
        {
            LinearModelParameters => Linear(outputs, width, standardisation),
            TreeEnsembleModelParameters => Trees(outputs, width),
            _ => new TransformedScores(
                width,
                [.. outputs.Select(output => output?.Scale ?? 0)],
                [.. outputs.Select(output => output?.Shift ?? ClassesWithoutRows.NeverPredicted)],
                [.. outputs.Select(output => output?.Transformer)]),
        };

    /// <summary>Scores of a model of all classes that have rows; <paramref name="present"/> are their indices among <paramref name="classes"/>.</summary>
    public static IScores Multiclass(object model, int classes, int[] present, int width, Standardisation? standardisation)
    {
        if (model is NaiveBayesMulticlassModelParameters bayes)
        {
            var (shares, priors) = Bayes(bayes, width);
            return new BinarisedScores(Thresholds(standardisation, width), Spread(shares, priors, classes, present, width));
        }

        var linear = (LinearMulticlassModelParametersBase)model;
        VBuffer<float>[]? rows = null;
        linear.GetWeights(ref rows!, out int count);
        double[] weights = [.. rows.Take(count).SelectMany(row => row.DenseValues()).Select(value => (double)value)];
        double[] bias = [.. linear.GetBiases().Select(value => (double)value)];
        standardisation?.Fold(weights, bias);
        return Spread(weights, bias, classes, present, width);
    }

    private static LinearScores Linear(IReadOnlyList<ModelOutput?> outputs, int width, Standardisation? standardisation)
    {
        var weights = new double[outputs.Count * width];
        double[] bias = [.. outputs.Select(output => output is null ? ClassesWithoutRows.NeverPredicted : output.Shift)];
        for (int c = 0; c < outputs.Count; c++)
        {
            if (outputs[c] is { Model: LinearModelParameters model } output)
            {
                var learned = model.Weights;
                for (int j = 0; j < width; j++)
                {
                    weights[(c * width) + j] = output.Scale * learned[j];
                }

                bias[c] += output.Scale * model.Bias;
            }
        }

        standardisation?.Fold(weights, bias);
        return new LinearScores(Array.ConvertAll(weights, value => (float)value), Array.ConvertAll(bias, value => (float)value));
    }

    private static TreeScores Trees(IReadOnlyList<ModelOutput?> outputs, int width)
    {
        List<ScoreTree> trees = [];
        for (int c = 0; c < outputs.Count; c++)
        {
            if (outputs[c] is { } output)
            {
                IReadOnlyList<RegressionTreeBase> learned = output.Model switch
                {
                    TreeEnsembleModelParametersBasedOnRegressionTree boosted => boosted.TrainedTreeEnsemble.Trees,
                    TreeEnsembleModelParametersBasedOnQuantileRegressionTree forest => forest.TrainedTreeEnsemble.Trees,
                    _ => throw new FitException($"no trees can be read out of a {output.Model.GetType().Name}"),
                };

                // Of the ensembles, only the forest for values averages its trees; the others sum.
                double scale = output.Model is FastForestRegressionModelParameters ? output.Scale / learned.Count : output.Scale;

                // A tree that found no split counts as 0, whatever its leaf says.
                trees.AddRange(learned.Where(tree => tree.NumberOfNodes > 0).Select(tree => Tree(tree, c, scale)));
            }
        }

        return new TreeScores(width, [.. outputs.Select(output => output?.Shift ?? ClassesWithoutRows.NeverPredicted)], trees);
    }

    private static ScoreTree Tree(RegressionTreeBase tree, int output, double scale) => new(
        output,
        [.. tree.NumericalSplitFeatureIndexes],
        [.. tree.NumericalSplitThresholds],
        [.. tree.LeftChild],
        [.. tree.RightChild],
        [.. tree.LeafValues.Select(leaf => scale * leaf)]);

    // Present is what is above 0, of standardised columns above their mean; a constant one never is.
    private static float[] Thresholds(Standardisation? standardisation, int width) => standardisation is null
        ? new float[width]
        : [.. standardisation.Mean.Zip(standardisation.Scale, (mean, scale) => scale == 0 ? float.MaxValue : (float)mean)];

    // ln P(class) + sum over columns of ln P(column is, or is not, present | class), as a linear function of what is present.
    // Counts are raised by 1 and by the number of classes, as ML.NET does.
    private static (double[] Weights, double[] Bias) Bayes(NaiveBayesMulticlassModelParameters model, int width)
    {
        var rows = model.GetLabelHistogramLong();
        var counts = model.GetFeatureHistogramLong();
        var weights = new double[rows.Count * width];
        double[] bias = [.. rows.Select(count => Math.Log((double)count / rows.Sum()))];
        for (int j = 0; j < width; j++)
        {
            double mean = 0;
            for (int c = 0; c < rows.Count; c++)
            {
                double weight = Math.Log(counts[c][j] + 1) - Math.Log(rows[c] - counts[c][j] + 1);
                bias[c] += Math.Log(rows[c] - counts[c][j] + 1) - Math.Log(rows[c] + rows.Count);
                weights[(c * width) + j] = weight;
                mean += weight / rows.Count;
            }

            // What all classes share says nothing, and would cost float32 digits in the sum.
            for (int c = 0; c < rows.Count; c++)
            {
                weights[(c * width) + j] -= mean;
            }
        }

        double shared = bias.Average();
        return (weights, Array.ConvertAll(bias, value => value - shared));
    }

    // Classes with rows at their places among all.
    private static LinearScores Spread(double[] weights, double[] bias, int classes, int[] present, int width)
    {
        var (allWeights, allBias) = (new float[classes * width], new float[classes]);
        Array.Fill(allBias, ClassesWithoutRows.NeverPredicted);
        for (int c = 0; c < present.Length; c++)
        {
            allBias[present[c]] = (float)bias[c];
            for (int j = 0; j < width; j++)
            {
                allWeights[(present[c] * width) + j] = (float)weights[(c * width) + j];
            }
        }

        return new LinearScores(allWeights, allBias);
    }
}
