using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>What every trainer asks of its rows before it begins; messages name the row and the cure.</summary>
internal static class FitCheck
{
    /// <summary>Rows there are, weights are usable, embeddings are finite. Returns the rows of positive weight, weights of ordinary size.</summary>
    public static EmbeddingSet Rows(EmbeddingSet set, int threads)
    {
        if (set.Count == 0)
        {
            throw new FitException("there are no rows to fit on; expected at least one embedding in the train split");
        }

        CheckLength(set.Weights.Length, set.Count, "weights", mayBeEmpty: true);
        for (int i = 0; i < set.Weights.Length; i++)
        {
            if (!(set.Weights[i] >= 0 && double.IsFinite(set.Weights[i])))
            {
                throw new FitException($"{Name(set, i)} has the weight {set.Weights[i]}; expected a finite number of at least 0");
            }
        }

        if (set.Weights.Length > 0 && !(set.Weights.Sum() > 0))
        {
            throw new FitException($"all {set.Count} rows have the weight 0; expected at least one above 0");
        }

        set = OrdinaryWeights(set);
        int bad = int.MaxValue;
        var found = new Lock();
        Parallel.For(0, set.Count, new ParallelOptions { MaxDegreeOfParallelism = threads }, i =>
        {
            if (!FloatProducts.AllFinite(set.Rows[i]))
            {
                lock (found)
                {
                    bad = Math.Min(bad, i);
                }
            }
        });
        if (bad != int.MaxValue)
        {
            throw new FitException(
                $"the embedding of {Name(set, bad)} holds a NaN or infinite value; expected finite numbers: " +
                "look at the image, its number columns, or a backbone run at too low a precision");
        }

        return set.Weights.Contains(0) ? set.Subset([.. Enumerable.Range(0, set.Count).Where(i => set.Weights[i] > 0)]) : set;
    }

    /// <summary>Every row has a label within the classes, at least two of which have rows. Returns which have.</summary>
    public static bool[] Labels(EmbeddingSet set)
    {
        if (set.Classes.Count == 0 || set.Labels.Length == 0)
        {
            throw new FitException(
                set.IsRegression
                    ? "the set holds targets, not labels; fit a regression head such as RidgeRegression"
                    : "the set holds no labels; expected a class per row");
        }

        CheckLength(set.Labels.Length, set.Count, "labels", mayBeEmpty: false);
        var present = new bool[set.Classes.Count];
        for (int i = 0; i < set.Count; i++)
        {
            int label = set.Labels[i];
            if ((uint)label >= (uint)present.Length)
            {
                throw new FitException(
                    $"{Name(set, i)} has the label {label}; expected 0 to {present.Length - 1}, an index into the {present.Length} classes" +
                    (label == -1 ? ": rows without a label cannot be fitted on" : ""));
            }

            present[label] = true;
        }

        int count = present.Count(p => p);
        if (count < 2)
        {
            throw new FitException(
                $"all {set.Count} rows belong to the one class '{set.Classes[Array.IndexOf(present, true)]}'; expected rows of at least two classes");
        }

        return present;
    }

    /// <summary>
    /// Every row has a set of labels, each of them named once and known. Returns which labels some rows have and others do
    /// not, of which there is at least one.
    /// </summary>
    public static bool[] LabelSets(EmbeddingSet set)
    {
        CheckLength(set.LabelSets.Length, set.Count, "sets of labels", mayBeEmpty: false);
        var counts = new int[set.Classes.Count];
        for (int i = 0; i < set.Count; i++)
        {
            int[] labels = set.LabelSets[i];
            for (int k = 0; k < labels.Length; k++)
            {
                if ((uint)labels[k] >= (uint)counts.Length)
                {
                    throw new FitException(
                        $"{Name(set, i)} has the label {labels[k]}; expected 0 to {counts.Length - 1}, an index into the {counts.Length} labels");
                }

                if (Array.IndexOf(labels, labels[k]) < k)
                {
                    throw new FitException($"{Name(set, i)} has the label '{set.Classes[labels[k]]}' twice; expected each label once");
                }

                counts[labels[k]]++;
            }
        }

        bool[] varying = Array.ConvertAll(counts, count => count > 0 && count < set.Count);
        return varying.Contains(true) ? varying : throw new FitException(
            $"each of the {counts.Length} labels belongs to all {set.Count} rows or to none; expected one at least that some rows have and others do not");
    }

    /// <summary>Every row has finite targets, positive where their logarithms are to be fitted.</summary>
    public static void Targets(EmbeddingSet set, bool positive)
    {
        if (!set.IsRegression)
        {
            throw new FitException(
                set.Labels.Length > 0
                    ? "the set holds labels, not targets; fit a classification head such as LogisticRegression"
                    : "the set holds no targets; expected a number per row");
        }

        if (set.Targets.Length != (long)set.Count * set.TargetCount)
        {
            string each = set.TargetCount == 1 ? "one per row" : $"{set.TargetCount} per row: {string.Join(", ", set.TargetNames)}";
            throw new FitException($"the set holds {set.Targets.Length} targets for {set.Count} rows; expected {each}");
        }

        for (int i = 0; i < set.Targets.Length; i++)
        {
            double target = set.Targets[i];
            if (Math.Abs(target) <= float.MaxValue && (!positive || target > 0))
            {
                continue;
            }

            string which = set.TargetCount == 1 ? "" : $" for '{set.TargetNames[i % set.TargetCount]}'";
            string found = $"{Name(set, i / set.TargetCount)} has the target {target}{which}";
            throw new FitException(
                !double.IsFinite(target) ? $"{found}; expected a finite number"
                : Math.Abs(target) > float.MaxValue ? $"{found}; expected at most {float.MaxValue:g2} either way, as heads predict float32: give the targets in a larger unit"
                : $"{found}; LogTarget needs targets above 0: leave LogTarget out or remove the row");
        }
    }

    /// <summary>The sum of the weights, or the number of rows where there are none.</summary>
    public static double TotalWeight(EmbeddingSet set) => set.Weights.Length == 0 ? set.Count : set.Weights.Sum();

    // Only proportions of weights matter, but products with very large or small ones leave float32's range: all are divided
    // by the power of two of the largest, which changes no digit.
    private static EmbeddingSet OrdinaryWeights(EmbeddingSet set)
    {
        double largest = set.Weights.Length == 0 ? 1 : set.Weights.Max();
        return largest is >= 1e-6 and <= 1e6 ? set : set with { Weights = Array.ConvertAll(set.Weights, weight => Math.ScaleB(weight, -Math.ILogB(largest))) };
    }

    private static void CheckLength(int length, int rows, string what, bool mayBeEmpty)
    {
        if (length != rows && !(mayBeEmpty && length == 0))
        {
            throw new FitException($"the set holds {length} {what} for {rows} rows; expected one per row");
        }
    }

    private static string Name(EmbeddingSet set, int row) => row < set.Names.Length ? $"row {row} ({set.Names[row]})" : $"row {row}";
}
