using System.Diagnostics;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Prediction;

/// <summary>How good a fused model is on a data set.</summary>
/// <param name="Scores">Scores over the items that did not fail.</param>
/// <param name="Failures">Items that could not be read or decoded.</param>
/// <param name="Images">Images that went through the model.</param>
/// <param name="Seconds">Wall time.</param>
public sealed record ModelEvaluationResult(Scores Scores, IReadOnlyList<EmbedFailure> Failures, int Images, double Seconds)
{
    /// <summary>Images per second, from file to answer.</summary>
    public double ImagesPerSecond => Seconds > 0 ? Images / Seconds : 0;
}

/// <summary>Measures fused models: the same scores as at training, from the one file that is shipped.</summary>
public static class ModelEvaluation
{
    /// <summary>Predicts every item of <paramref name="dataset"/> and scores the answers.</summary>
    /// <param name="model">The fused model.</param>
    /// <param name="dataset">Labelled by class names the model knows, or with targets.</param>
    /// <param name="maxFailures">How many items may fail; null: any number, as long as one does not.</param>
    /// <param name="seed">Decides the intervals.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="OnnxTransferException">A class the model does not know, targets for a classifier, or too many failures.</exception>
    public static ModelEvaluationResult Run(
        ImageModel model, Dataset dataset, int? maxFailures = null, int seed = 0, CancellationToken cancellation = default)
    {
        CheckAnswers(model, dataset);
        var labels = LabelMap(model, dataset);
        var clock = Stopwatch.StartNew();
        var items = dataset.Items;
        var outputs = new float[items.Count][];
        var failures = new EmbedFailure?[items.Count];
        Parallel.For(0, items.Count, new ParallelOptions { CancellationToken = cancellation }, i =>
        {
            try
            {
                outputs[i] = [.. model.Predict(items[i]).Output];
            }
            catch (OnnxTransferException error) when (error is not (Inference.InferenceException or Imaging.DecoderException))
            {
                failures[i] = new EmbedFailure(items[i].Name, error.Message);
            }
        });
        var failed = failures.OfType<EmbedFailure>().ToArray();
        if (failed.Length > 0 && (failed.Length == items.Count || failed.Length > maxFailures))
        {
            throw new TooManyFailuresException($"{failed.Length} of {items.Count} items failed; the first: {failed[0].Reason}", failed);
        }

        int[] measured = [.. Enumerable.Range(0, items.Count).Where(i => failures[i] is null)];
        string[]? groups = items.All(item => item.Group is null) ? null : [.. measured.Select(i => items[i].Group ?? $"\u0000{i}")];
        var rows = new Matrix(measured.Length, measured.Length == 0 ? 0 : outputs[measured[0]].Length, [.. measured.SelectMany(i => outputs[i])]);
        Scores scores = dataset switch
        {
            { IsRegression: true, TargetNames.Count: 0 } => HeadEvaluation.OfOneValue(rows, [.. measured.Select(i => items[i].Target)], groups, seed),
            { IsRegression: true } => MultiValueScores.Of(rows, [.. measured.SelectMany(i => items[i].Targets)], dataset.TargetNames, groups, seed),
            { IsMultiLabel: true } => LabelScores.Of(rows, [.. measured.Select(i => Array.ConvertAll(items[i].LabelSet, label => labels[label]))], model.Classes, groups, seed),
            _ => ClassificationScores.Of(rows, [.. measured.Select(i => labels[items[i].Label])], model.Classes, groups, seed),
        };
        return new ModelEvaluationResult(scores, failed, measured.Sum(i => items[i].Images.Count), clock.Elapsed.TotalSeconds);
    }

    private static void CheckAnswers(ImageModel model, Dataset dataset)
    {
        if (dataset.IsRegression != model.Card.IsRegression || (!dataset.IsRegression && dataset.Classes.Count == 0))
        {
            var found = dataset.IsRegression ? "numbers" : dataset.Classes.Count == 0 ? "no labels" : "classes";
            throw new DatasetException($"{dataset.Source} has {found}, but {model.Path} predicts {(model.Card.IsRegression ? "numbers" : "classes")}; they do not belong together");
        }

        if (dataset.IsMultiLabel != (model.Card.Task == HeadTask.Labels))
        {
            throw new DatasetException(dataset.IsMultiLabel
                ? $"{dataset.Source} has any number of labels an item, but {model.Path} predicts one class; name the column of class names (--label)"
                : $"{dataset.Source} has one {(dataset.IsRegression ? "number" : "class")} an item, but {model.Path} predicts any number of labels; name the column that holds them (--labels)");
        }

        if (dataset.IsRegression && (dataset.TargetNames.Count > 0 ? !dataset.TargetNames.SequenceEqual(model.Card.ValueNames) : model.Card.ValueNames.Count > 1 && !HeadEvaluation.IsSingle(model.Card.ValueNames)))
        {
            throw new DatasetException(
                $"{dataset.Source} has the targets {(dataset.TargetNames.Count == 0 ? "of one column" : string.Join(", ", dataset.TargetNames))}, but {model.Path} predicts {string.Join(", ", model.Card.ValueNames)}; " +
                $"name the columns in its order (--target {string.Join(',', model.Card.ValueNames)})");
        }
    }

    // The data's label numbers to the model's, by name.
    private static int[] LabelMap(ImageModel model, Dataset dataset)
    {
        var known = model.Classes.Index().ToDictionary(entry => entry.Item, entry => entry.Index, StringComparer.Ordinal);
        return [.. dataset.Classes.Select(name => known.TryGetValue(name, out var label)
            ? label
            : throw new DatasetException($"{dataset.Source}: class '{name}' is unknown to {model.Path}; it knows {string.Join(", ", model.Classes.Take(20))}"))];
    }
}
