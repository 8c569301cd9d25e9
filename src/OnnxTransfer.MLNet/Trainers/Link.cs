namespace OnnxTransfer.MLNet;

/// <summary>How scores become the answer.</summary>
internal enum Link
{
    /// <summary>exp of each score over the sum of all.</summary>
    Softmax,

    /// <summary>
    /// The sigmoid of each score over the sum of all sigmoids: ML.NET's OneVersusAll. Computed as the softmax of
    /// ln(sigmoid(score)) = -softplus(-score), which is the same and never 0 / 0.
    /// </summary>
    OneVersusAll,

    /// <summary>The score itself.</summary>
    Identity,

    /// <summary>exp of the score.</summary>
    Exponential,
}
