namespace OnnxTransfer.Evaluation;

/// <summary>What is known of a count of labels.</summary>
public enum TransferBound
{
    /// <summary>It lies within the measured curve.</summary>
    Measured,

    /// <summary>The smallest share measured was enough.</summary>
    AtMost,

    /// <summary>All labels measured were not enough.</summary>
    MoreThan,
}
