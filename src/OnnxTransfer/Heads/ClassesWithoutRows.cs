using OnnxTransfer.Embeddings;

namespace OnnxTransfer.Heads;

/// <summary>Classes and labels that no row bears: they are kept among the names and never predicted.</summary>
internal static class ClassesWithoutRows
{
    /// <summary>Their bias: exp of it is 0 beside any other logit, in float16 too.</summary>
    public const float NeverPredicted = -1e4f;

    /// <summary>One note for all classes, or labels, of a set that are not <paramref name="present"/>, or none.</summary>
    public static IEnumerable<string> Note(EmbeddingSet set, IEnumerable<int> present)
    {
        const int Named = 5;
        string[] missing = [.. Enumerable.Range(0, set.Classes.Count).Except(present).Select(c => $"'{set.Classes[c]}'")];
        var (one, many) = set.IsMultiLabel ? ("label", "labels") : ("class", "classes");
        if (missing.Length == 1)
        {
            yield return $"{one} {missing[0]} has no rows; it is never predicted";
        }
        else if (missing.Length > 1)
        {
            string rest = missing.Length > Named ? $" and {missing.Length - Named} more" : "";
            yield return $"{missing.Length} {many} have no rows; they are never predicted: {string.Join(", ", missing.Take(Named))}{rest}";
        }
    }

    /// <summary>The head of all <paramref name="classes"/> from the weights of those present.</summary>
    /// <param name="weights">p x D weights of the present classes for raw embeddings.</param>
    /// <param name="bias">Their p biases.</param>
    /// <param name="present">Their p places among the classes.</param>
    /// <param name="classes">k names.</param>
    /// <param name="activation">Softmax or Sigmoid.</param>
    /// <exception cref="FitException">A number is not finite.</exception>
    public static LinearHead Head(
        ReadOnlySpan<double> weights, ReadOnlySpan<double> bias, int[] present, IReadOnlyList<string> classes, Activation activation)
    {
        int width = weights.Length / bias.Length;
        var all = new float[classes.Count * width];
        var biases = new float[classes.Count];
        Array.Fill(biases, NeverPredicted);
        for (int c = 0; c < present.Length; c++)
        {
            for (int j = 0; j < width; j++)
            {
                all[(present[c] * width) + j] = (float)weights[(c * width) + j];
            }

            biases[present[c]] = (float)bias[c];
        }

        FiniteHead.Check(all, biases);
        return new LinearHead(all, biases, activation, classes);
    }
}
