namespace OnnxTransfer.Onnx;

/// <summary>What a linear head gives.</summary>
public enum HeadOutput
{
    /// <summary>Softmax over k classes: [N, k], every row sums to 1.</summary>
    Probabilities,

    /// <summary>The scores themselves: [N, k]; one column for a regression.</summary>
    Value,

    /// <summary>The exponential of the score, for a head fitted on the logarithm of the target: [N, 1].</summary>
    Exponential,
}
