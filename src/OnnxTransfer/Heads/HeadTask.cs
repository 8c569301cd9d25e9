namespace OnnxTransfer.Heads;

/// <summary>What a head is to answer, as the data it learns from asks it.</summary>
public enum HeadTask
{
    /// <summary>One class of k: probabilities that sum to 1.</summary>
    Classes,

    /// <summary>Any number of k labels: k probabilities, each of its own.</summary>
    Labels,

    /// <summary>One number, or several.</summary>
    Values,
}
