namespace OnnxTransfer.Onnx;

/// <summary>What a linear head gives.</summary>
public enum HeadOutput
{
    /// <summary>Softmax over k classes: [N, k], every row sums to 1.</summary>
    Probabilities,

    /// <summary>A logistic function of each score: [N, k], every label for itself.</summary>
    Labels,

    /// <summary>The scores themselves: [N, k]; a column for each value of a regression.</summary>
    Value,

    /// <summary>The exponential of the score, for a head fitted on the logarithm of the target: [N, k].</summary>
    Exponential,
}
