namespace OnnxTransfer.Datasets;

/// <summary>The part of a data set an item belongs to.</summary>
public enum Split
{
    /// <summary>Learned from.</summary>
    Train,

    /// <summary>Settings such as the L2 penalty are chosen on it; the final fit learns from it too.</summary>
    Validation,

    /// <summary>Only measured on, once, at the end.</summary>
    Test,
}
