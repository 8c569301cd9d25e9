using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Inference;
using OnnxTransfer.Training;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>Refuses, before any image is read, what no backbone can be trained with.</summary>
internal static class TuningCheck
{
    /// <summary>Class weights and provider.</summary>
    public static void Settings(Rebalancing? classWeights, TrainingSettings training)
    {
        if (classWeights is { Method: not RebalancingMethod.Weights })
        {
            throw new FitException($"ClassWeights = {classWeights.Method}; expected weights: sampling repeats or leaves out rows, which weights do as well here");
        }

        if (training.Provider is ExecutionProvider.TensorRT)
        {
            throw new FitException("Training.Provider = TensorRT; expected the CPU or CUDA: TensorRT compiles weights into its engines, which training changes at every step");
        }
    }

    /// <summary>The items that are not for the test.</summary>
    /// <param name="dataset">All of them.</param>
    /// <param name="learner">Who learns, for the message.</param>
    public static Dataset Fitted(Dataset dataset, string learner)
    {
        var fitted = dataset with { Items = [.. dataset.Items.Where(item => item.Split != Split.Test)] };
        if (fitted.Items.Count == 0)
        {
            throw new FitException($"{dataset.Source}: all {dataset.Items.Count} items are test items; expected some to train on");
        }

        if (fitted.Items.FirstOrDefault(item => !(item.Weight > 0 && double.IsFinite(item.Weight))) is { } odd)
        {
            throw new FitException($"{dataset.Source}: {odd.Name} has the weight {odd.Weight}; expected finite weights above 0: leave such rows out");
        }

        return fitted.NumberNames.Count == 0 ? fitted : throw new FitException(
            $"{dataset.Source}: has numbers beside the images ({string.Join(", ", fitted.NumberNames)}), and {learner} learns from images alone; leave them out, or fit a head on the frozen backbone");
    }

    /// <summary>That the new backbone replaces no file but within the cache, and there not the one it is made of.</summary>
    public static void Output(string? output, Backbone backbone, EmbeddingCache cache)
    {
        if (output is null)
        {
            return;
        }

        string full = Path.GetFullPath(output);
        if (full == Path.GetFullPath(backbone.Entry.ModelPath))
        {
            throw new FitException($"{output}: is the backbone that the new one is made of; expected another file: write elsewhere");
        }

        if (full.StartsWith(cache.Folder + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            return;
        }

        string[] files = [output, Path.ChangeExtension(output, ".json")];
        if (Array.Find(files, File.Exists) is { } there)
        {
            throw new FitException($"{there}: is there already; expected none, since the new backbone and its description are written there: delete it, or write elsewhere");
        }
    }
}
