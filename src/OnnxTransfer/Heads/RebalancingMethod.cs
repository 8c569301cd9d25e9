namespace OnnxTransfer.Heads;

/// <summary>How classes of different size are made to count alike.</summary>
public enum RebalancingMethod
{
    /// <summary>Every row weighs more the rarer its class is. No row is repeated or lost: the first choice.</summary>
    Weights,

    /// <summary>Rows of rarer classes are repeated: for trainers that see rows one by one, such as those of small batches.</summary>
    OverSampling,

    /// <summary>Rows of larger classes are left out: faster, and poorer by what they held.</summary>
    UnderSampling,
}
