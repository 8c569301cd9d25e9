using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// What is done about classes of different size before a fit. Rows marked <see cref="Split.Validation"/> beside others are
/// left as they are: settings are judged on the data as it comes. Rows of weight 0 are left out.
/// </summary>
public sealed record Rebalancing
{
    /// <summary>
    /// Class weights as scikit-learn's class_weight="balanced": W / (k x W_c), with W the weight of all rows, W_c that of
    /// class c's, and k the number of classes with rows, so that every class weighs the same in all.
    /// </summary>
    public static Rebalancing Balanced { get; } = new();

    /// <summary>Weights, or rows repeated or left out.</summary>
    public RebalancingMethod Method { get; init; }

    /// <summary>
    /// Under <see cref="RebalancingMethod.Weights"/>: what the rows of a class are multiplied by, by its name; a class that is
    /// not named keeps its weight. Null: balanced.
    /// </summary>
    public IReadOnlyDictionary<string, double>? ClassWeights { get; init; }

    /// <summary>
    /// Under the two samplings: how many rows the smallest class shall have for one of the largest, above 0 and at most 1.
    /// Over-sampling repeats the rows of every class below this part of the largest; under-sampling thins every class above
    /// the smallest divided by it.
    /// </summary>
    public double Ratio { get; init; } = 1;

    /// <summary>Decides which rows are left out, or repeated once more than others.</summary>
    public long Seed { get; init; }

    /// <summary>
    /// The set to fit on. Class weights multiply the rows' own. Copies of a row bear its group, or one made for them, so that
    /// they stay on one side wherever groups are kept whole; rows keep their order, a copy beside its original.
    /// </summary>
    /// <param name="set">N x D embeddings, a label a row.</param>
    /// <exception cref="FitException">The set has targets or several labels a row, a class is not known, or a setting makes no sense.</exception>
    public EmbeddingSet Apply(EmbeddingSet set)
    {
        CheckSettings();
        CheckTask(set);
        set = FitCheck.Rows(set, Chunks.Threads(0));
        FitCheck.Labels(set);
        bool anyFitted = set.Splits.Any(split => split != Split.Validation);
        int[][] classes = [.. Enumerable.Range(0, set.Count)
            .Where(i => !anyFitted || set.Splits[i] != Split.Validation)
            .GroupBy(i => set.Labels[i])
            .OrderBy(members => members.Key)
            .Select(members => members.ToArray())];
        return Method == RebalancingMethod.Weights ? Weighted(set, classes) : Sampled(set, classes);
    }

    /// <summary>Refuses what has no classes to be balanced.</summary>
    internal static void CheckTask(EmbeddingSet set)
    {
        if (set.IsRegression || set.IsMultiLabel)
        {
            throw new FitException(
                $"the set holds {(set.IsRegression ? "targets" : "several labels a row")}; class weights and sampling are for one class a row: " +
                "leave the rebalancing out, or give the rows weights of their own");
        }
    }

    /// <summary>For a model card.</summary>
    internal string Summary => Method switch
    {
        RebalancingMethod.OverSampling => $"over-sampled to {Ratio:R}",
        RebalancingMethod.UnderSampling => $"under-sampled to {Ratio:R}",
        _ => ClassWeights is null ? "balanced weights" : string.Join(", ", ClassWeights.Select(pair => $"{pair.Key} {pair.Value:R}")),
    };

    /// <summary>For a report, as a note: what was done to so many rows.</summary>
    internal string Told(int before, int after) => Method switch
    {
        RebalancingMethod.OverSampling => $"classes balanced by repeating rows of the rarer ones: {before} -> {after} rows",
        RebalancingMethod.UnderSampling => $"classes balanced by leaving rows of the larger ones out: {before} -> {after} rows",
        _ => ClassWeights is null ? "classes balanced by weights, inversely to their rows" : "classes weighted as given",
    };

    private void CheckSettings()
    {
        if (!(Ratio is > 0 and <= 1))
        {
            throw new FitException($"Ratio = {Ratio}; expected above 0 and at most 1, rows of the smallest class for one of the largest");
        }

        bool isSampling = Method != RebalancingMethod.Weights;
        if (isSampling ? ClassWeights is not null : Ratio != 1)
        {
            throw new FitException(isSampling
                ? $"ClassWeights are given under {Method}, which does not use them; expected Method = Weights, or no ClassWeights"
                : $"Ratio = {Ratio} is given under Weights, which does not use it; expected OverSampling or UnderSampling, or no Ratio");
        }

        foreach (var (name, weight) in ClassWeights ?? new Dictionary<string, double>())
        {
            if (!(weight > 0 && double.IsFinite(weight)))
            {
                throw new FitException($"class '{name}' has the weight {weight}; expected a finite number above 0: to leave a class out, take it out of the data");
            }
        }
    }

    private EmbeddingSet Weighted(EmbeddingSet set, int[][] classes)
    {
        double[] weights = set.Weights.Length == 0 ? [.. Enumerable.Repeat(1.0, set.Count)] : [.. set.Weights];
        double total = classes.Sum(members => members.Sum(i => weights[i]));
        double[] given = Given(set.Classes);
        foreach (int[] members in classes)
        {
            double factor = ClassWeights is null ? total / (classes.Length * members.Sum(i => weights[i])) : given[set.Labels[members[0]]];
            foreach (int i in members)
            {
                weights[i] *= factor;
            }
        }

        return set with { Weights = weights };
    }

    private double[] Given(IReadOnlyList<string> classes)
    {
        if (ClassWeights?.Keys.FirstOrDefault(name => !classes.Contains(name)) is { } unknown)
        {
            throw new FitException($"a weight is given for class '{unknown}', which the set does not have; expected one of: {string.Join(", ", classes)}");
        }

        return [.. classes.Select(name => ClassWeights?.GetValueOrDefault(name, 1) ?? 1)];
    }

    private EmbeddingSet Sampled(EmbeddingSet set, int[][] classes)
    {
        int smallest = classes.Min(members => members.Length), largest = classes.Max(members => members.Length);
        var copies = new int[set.Count];
        Array.Fill(copies, 1);
        var random = new SeededRandom(Seed);
        foreach (int[] members in classes)
        {
            int wanted = Method == RebalancingMethod.OverSampling
                ? Math.Max(members.Length, (int)Math.Round(Ratio * largest))
                : Math.Min(members.Length, (int)Math.Round(smallest / Ratio));
            int[] order = random.Permutation(members.Length);
            for (int i = 0; i < order.Length; i++)
            {
                copies[members[order[i]]] = (wanted / order.Length) + (i < wanted % order.Length ? 1 : 0);
            }
        }

        bool isCopied = copies.Any(count => count > 1);
        string[] groups = isCopied && set.Groups.Length == 0 ? [.. Enumerable.Range(0, set.Count).Select(i => $"\u0000{i}")] : set.Groups;
        return (set with { Groups = groups }).Subset([.. copies.Index().SelectMany(row => Enumerable.Repeat(row.Index, row.Item))]);
    }
}
