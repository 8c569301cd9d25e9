namespace OnnxTransfer.MLNet;

/// <summary>One regression tree: at an inner node x[feature] &lt;= threshold goes left; a negative child is the leaf ~child.</summary>
/// <param name="Output">The score its leaf is added to.</param>
/// <param name="Features">The column each inner node asks.</param>
/// <param name="Thresholds">What it compares with.</param>
/// <param name="Left">Where it goes from there if not above.</param>
/// <param name="Right">Where it goes if above.</param>
/// <param name="Leaves">What each leaf adds.</param>
internal sealed record ScoreTree(int Output, int[] Features, float[] Thresholds, int[] Left, int[] Right, double[] Leaves)
{
    /// <summary>The value of the leaf that an embedding falls to.</summary>
    public double Value(ReadOnlySpan<float> embedding)
    {
        int node = 0;
        while (node >= 0)
        {
            node = embedding[Features[node]] <= Thresholds[node] ? Left[node] : Right[node];
        }

        return Leaves[~node];
    }
}
